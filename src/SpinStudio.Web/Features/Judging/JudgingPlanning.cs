using System.Security.Cryptography;
using System.Text;
using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Features.Judging;

/// <summary>Draws the prompts of a judging and makes its requests, before any is sent.</summary>
public sealed class JudgingPlanning(AnswerService answers)
{
    public const int MostPrompts = 1000, MostRequests = 10_000, MostTokens = 8192, MostParallel = 16;

    /// <summary>Prompts are drawn among so many; reading more takes longer than it is worth.</summary>
    private const int MostCandidates = 5000;

    private const int PageSize = 1000, FewestTokens = 16;

    private const double CharactersPerToken = 4;

    /// <summary>Requests of a judging; their <see cref="Verdict.JudgingId"/> is <paramref name="id"/>.</summary>
    /// <exception cref="StudioException">The request cannot be met; in one line, why.</exception>
    internal async Task<(JudgingPlan Plan, IReadOnlyList<Verdict> Requests)> PlanAsync(Guid id, NewJudging wanted, CancellationToken cancellation)
    {
        Check(wanted);
        var template = wanted.Template ?? JudgePrompt.Default;
        var prompts = await DrawAsync(wanted, cancellation);
        if (prompts.Count == 0)
        {
            throw new StudioException(Refusal.Invalid, "There is no prompt that all of them answered; choose others, or the other kind of prompts.");
        }

        var secret = id.ToByteArray();
        var requests = new List<Verdict>();
        var (pairs, identical) = (0, 0);
        foreach (var prompt in prompts)
        {
            foreach (var (first, second) in Pairs(prompt.Answers))
            {
                pairs++;
                if (first.Text.Trim() == second.Text.Trim())
                {
                    identical++;
                    continue;
                }

                requests.AddRange(((bool[])[false, true]).Select(swapped => Request(id, template, secret, prompt, first, second, swapped)));
            }
        }

        if (requests.Count > MostRequests)
        {
            throw new StudioException(Refusal.Invalid, $"These are {requests.Count} requests; {MostRequests} are the limit. Take fewer prompts or fewer sources.");
        }

        return (new JudgingPlan(prompts.Count, pairs, identical, requests.Count, (long)(requests.Sum(request => (long)request.Asked.Length) / CharactersPerToken), (long)requests.Count * wanted.MaxTokens), requests);
    }

    private static void Check(NewJudging wanted)
    {
        var sources = wanted.Sources ?? [];
        if (sources.Count < 2 || sources.Count > AnswerService.MostSources || sources.Distinct().Count() != sources.Count)
        {
            throw new StudioException(Refusal.Invalid, $"Choose 2 to {AnswerService.MostSources} different sources of answers (got {sources.Count}).");
        }

        Within("prompts", wanted.Prompts, 1, MostPrompts);
        Within("max_tokens", wanted.MaxTokens, FewestTokens, MostTokens);
        Within("parallel", wanted.Parallel, 1, MostParallel);
        if (wanted.Split is not (SampleSplit.HeldOut or SampleSplit.Train))
        {
            throw new StudioException(Refusal.Invalid, $"split is held_out or train (got '{wanted.Split}').");
        }

        JudgePrompt.Check(wanted.Template ?? JudgePrompt.Default);
    }

    private static void Within(string what, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new StudioException(Refusal.Invalid, $"{what} must be between {least} and {most} (got {value}).");
        }
    }

    /// <summary>By a hash of seed and prompt, so that the same seed draws the same prompts, in whatever order they are stored.</summary>
    private async Task<List<SharedPrompt>> DrawAsync(NewJudging wanted, CancellationToken cancellation)
    {
        var candidates = new List<SharedPrompt>();
        Page<SharedPrompt> page;
        do
        {
            page = await answers.PromptsAsync(wanted.Sources, wanted.Split, null, candidates.Count, PageSize, cancellation);
            candidates.AddRange(page.Items);
        }
        while (page.Items.Count > 0 && candidates.Count < Math.Min(page.Total, MostCandidates));

        return [.. candidates.DistinctBy(prompt => prompt.PromptId)
            .OrderBy(prompt => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{wanted.Seed}:{prompt.PromptId}"))), StringComparer.Ordinal).Take(wanted.Prompts)];
    }

    private static IEnumerable<(SourcedAnswer First, SourcedAnswer Second)> Pairs(IReadOnlyList<SourcedAnswer> answers) =>
        from i in Enumerable.Range(0, answers.Count) from j in Enumerable.Range(i + 1, answers.Count - i - 1) select (answers[i], answers[j]);

    private static Verdict Request(Guid id, string template, byte[] secret, SharedPrompt prompt, SourcedAnswer first, SourcedAnswer second, bool swapped)
    {
        var (a, b) = swapped ? (second, first) : (first, second);
        var fence = JudgePrompt.FenceOf(secret, $"{prompt.PromptId} {a.Source} {b.Source}");
        return new Verdict
        {
            JudgingId = id,
            PromptId = prompt.PromptId,
            First = first.Source.ToString(),
            Second = second.Source.ToString(),
            Swapped = swapped,
            FirstLength = first.Text.Length,
            SecondLength = second.Text.Length,
            Asked = JudgePrompt.Compose(template, prompt.System, prompt.Prompt, a.Text, b.Text, fence),
        };
    }
}
