using Microsoft.AspNetCore.Http.Extensions;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Answers;

/// <summary>Addresses of the pages that show a prompt's answers. A prompt is found only among those of its own split.</summary>
public static class AnswerLinks
{
    /// <summary>The answers of some sources side by side.</summary>
    public static string Compare(IEnumerable<AnswerSource> sources, string promptId, string split) =>
        "/compare" + Query(sources.Select(source => KeyValuePair.Create("s", source.ToString())), promptId, split);

    /// <summary>The answers of one run through its iterations.</summary>
    public static string Trajectory(Guid runId, string promptId, string split) => $"/runs/{runId}/trajectory" + Query([], promptId, split);

    private static QueryBuilder Query(IEnumerable<KeyValuePair<string, string>> sources, string promptId, string split)
    {
        var query = new QueryBuilder(sources) { { "prompt", promptId } };
        if (split == SampleSplit.Train)
            query.Add("split", split);
        return query;
    }
}
