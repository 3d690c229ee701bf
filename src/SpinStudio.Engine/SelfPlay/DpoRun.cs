using System.Text;
using System.Text.Json;
using SpinStudio.Engine.Generation;
using SpinStudio.Engine.Runs;

namespace SpinStudio.Engine.SelfPlay;

/// <summary>
/// Direct preference optimisation (Rafailov et al., arXiv 2305.18290): one iteration on the dataset's own pairs, the chosen answer in the place of the human one and the
/// rejected in that of the opponent's, against the starting model as reference.
/// </summary>
public sealed class DpoRun(RunContext run)
{
    /// <returns>The one iteration, 0.</returns>
    public int Play()
    {
        run.Evaluate(-1, loss: null);
        var selection = PairSelection.From(Pairs(), run.Train, run.Encoder, run.Config);
        if (selection.Pairs.Count == 0)
            throw new BadInputException($"there is no pair to train on ({selection.DroppedText}): chosen and rejected answers are the same, or max_length {run.Config.MaxLength} leaves no room");
        PairTraining.Play(run, 0, selection);
        return 0;
    }

    /// <summary>The dataset's pairs, written down as those of self-play are, so that whoever reads a run finds them in the same place.</summary>
    private List<Pair> Pairs()
    {
        var path = run.Folder.Pairs(0);
        if (run.Ranks.Agreed(() => File.Exists(path))) return AnswerGeneration.Read(path);
        List<Pair> pairs = [.. run.Train.Select((example, index) =>
        {
            var rejected = run.Encoder.Encode(example with { Response = example.Rejected! });
            return new Pair(
                index, 0, example.PromptId, example.System, example.Prompt, example.Response, example.Rejected!, rejected.Answer,
                rejected.AnswerCut ? GeneratedAnswer.Length : GeneratedAnswer.Stop);
        })];
        run.Ranks.Once(() => AtomicFile.Write(path, file =>
        {
            foreach (var pair in pairs)
                file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(pair, RunJson.Line) + "\n"));
        }));
        return pairs;
    }
}
