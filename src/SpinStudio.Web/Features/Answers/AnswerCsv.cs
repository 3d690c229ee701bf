using System.Globalization;
using System.Text;
using SpinStudio.Web.Features.Downloads;

namespace SpinStudio.Web.Features.Answers;

/// <summary>Answers side by side as CSV: a row a prompt, and of each source its answer and what is known of it.</summary>
internal static class AnswerCsv
{
    public static byte[] Of(IReadOnlyList<SourceInfo> sources, IEnumerable<SharedPrompt> prompts)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', ["prompt_id", "system", "prompt", .. sources.SelectMany(source => new[] { source.Name, $"{source.Name}: exact", $"{source.Name}: log_prob", $"{source.Name}: margin" }.Select(CsvCell.Text))]).Append('\n');
        foreach (var prompt in prompts)
        {
            text.AppendJoin(',', [prompt.PromptId, CsvCell.Text(prompt.System ?? ""), CsvCell.Text(prompt.Prompt), .. prompt.Answers.SelectMany(Cells)]).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string[] Cells(SourcedAnswer answer) =>
        [CsvCell.Text(answer.Text), answer.Exact switch { true => "true", false => "false", null => "" }, Number(answer.LogProb), Number(answer.Margin)];

    private static string Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
