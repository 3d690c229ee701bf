using System.Globalization;
using System.Text.Json.Serialization;

namespace SpinStudio.Engine.Evaluation;

[JsonConverter(typeof(JsonStringEnumConverter<AdviceKind>))]
public enum AdviceKind
{
    /// <summary>Nothing to judge by yet.</summary>
    [JsonStringEnumMemberName("wait")] Wait,
    [JsonStringEnumMemberName("go_on")] GoOn,
    [JsonStringEnumMemberName("stop")] Stop,
}

/// <summary>What is known about an iteration that has ended.</summary>
/// <param name="LossAtEnd">Training loss of the margins over the last steps.</param>
/// <param name="LossAtStart">ℓ(0): where it started.</param>
/// <param name="RewardAccuracy">Held-out, with its interval; null when there was no evaluation.</param>
/// <param name="AgainstBefore">Paired test against the model before; null when no held-out answer carries an exact check.</param>
public sealed record EndedIteration(int Iteration, Estimate? LossAtEnd, double LossAtStart, Estimate? RewardAccuracy, PairedTest? AgainstBefore)
{
    /// <summary>Fewest steps that count as the end of an iteration.</summary>
    private const int FewestSteps = 5;

    /// <summary>Change of the human answers' negative log-likelihood against the model before, paired by example: it decides where no answer carries an exact check.</summary>
    public Estimate? NllChange { get; init; }

    /// <summary>Steps at the end of an iteration that count: the last tenth, at least five.</summary>
    public static int LastSteps(int steps) => Math.Max(FewestSteps, steps / 10);

    /// <summary>Whether something was paired with the model before, and whether the difference is more than chance would make.</summary>
    internal bool Paired => AgainstBefore is { Count: > 0 } || NllChange is { Count: > 1 };

    internal bool Better => AgainstBefore is { Count: > 0 } test ? test.Better : NllChange is { High: < 0 };

    internal bool Worse => AgainstBefore is { Count: > 0 } test ? test.Worse : NllChange is { Low: > 0 };

    /// <summary>What the two models were compared by, as a sentence goes on.</summary>
    internal string Measure => AgainstBefore is { Count: > 0 } ? "on held-out prompts" : "in the likelihood of the held-out human answers";
}

/// <summary>Whether another iteration is worth its time, with the evidence in numbers.</summary>
/// <param name="Keep">The iteration whose model to keep; −1 is the starting model; null while nothing can be said.</param>
public sealed record StopAdvice(AdviceKind Kind, int? Keep, string Sentence, IReadOnlyList<string> Evidence)
{
    /// <summary>Fewest held-out examples by which anything is advised.</summary>
    public const int Fewest = 30;

    /// <summary>How far, in nats, the training loss has to have fallen to count as moved.</summary>
    private const double Moved = 0.02;

    /// <param name="ended">Iterations that have ended and were evaluated, oldest first.</param>
    public static StopAdvice Of(IReadOnlyList<EndedIteration> ended)
    {
        ArgumentNullException.ThrowIfNull(ended);
        if (ended.Count == 0)
        {
            return new StopAdvice(AdviceKind.Wait, null, "Advice appears when the first iteration has been evaluated.", []);
        }

        var last = ended[^1];
        var moved = last.LossAtEnd is { } loss && loss.High < last.LossAtStart - Moved;
        var guessing = last.RewardAccuracy is { Low: <= 0.5, High: >= 0.5 };
        var evidence = Facts(last);
        var count = new[] { last.RewardAccuracy?.Count, last.AgainstBefore?.Count, last.NllChange?.Count }.Max() ?? 0;
        return last switch
        {
            _ when count is > 0 and < Fewest => new StopAdvice(AdviceKind.Wait, null, $"{count} held-out examples are too few to advise by; evaluate at least {Fewest}.", evidence),
            { Worse: true } => new StopAdvice(AdviceKind.Stop, last.Iteration - 1,
                $"Stop and keep {Name(last.Iteration - 1)}: iteration {last.Iteration} does worse {last.Measure}.", evidence),
            _ when guessing && moved => new StopAdvice(AdviceKind.Stop, last.Iteration - 1,
                $"Stop and keep {Name(last.Iteration - 1)}: on held-out prompts the human answers can no longer be told from the opponent's, although the training loss fell. What iteration {last.Iteration} learned does not carry over.", evidence),
            { Paired: true, Better: false } => new StopAdvice(AdviceKind.Stop, last.Iteration - 1,
                $"Another iteration is not worth its time yet: iteration {last.Iteration} cannot be told from {Name(last.Iteration - 1)} {last.Measure}. Keep the earlier one, or evaluate more examples.", evidence),
            _ when guessing => new StopAdvice(AdviceKind.GoOn, last.Iteration,
                "Human and generated answers cannot be told apart on held-out prompts, but the training loss has hardly moved either: that is too little training, not convergence. Raise the learning rate or the epochs.", evidence),
            { Better: true } => new StopAdvice(AdviceKind.GoOn, last.Iteration, $"Go on: iteration {last.Iteration} is better than {Name(last.Iteration - 1)} {last.Measure}.", evidence),
            { RewardAccuracy: not null } => new StopAdvice(AdviceKind.GoOn, last.Iteration, "Go on: on held-out prompts the human answers are still told from the opponent's.", evidence),
            _ => new StopAdvice(AdviceKind.Wait, null, "Evaluation is switched off in this run, so nothing speaks for or against another iteration.", evidence),
        };
    }

    private static List<string> Facts(EndedIteration last)
    {
        var evidence = new List<string>();
        if (last.RewardAccuracy is { } accuracy)
        {
            evidence.Add(string.Create(CultureInfo.InvariantCulture,
                $"Held-out reward accuracy of iteration {last.Iteration}: {accuracy.Mean * 100:0.0} % ({accuracy.Low * 100:0.0}–{accuracy.High * 100:0.0} %, n = {accuracy.Count}); 50 % is guessing."));
        }

        if (last.LossAtEnd is { } loss)
        {
            evidence.Add(string.Create(CultureInfo.InvariantCulture, $"Training loss: from {last.LossAtStart:0.000} to {loss.Mean:0.000} ({loss.Low:0.000}–{loss.High:0.000}, last {loss.Count} steps)."));
        }

        if (last.AgainstBefore is { Count: > 0 } test)
        {
            evidence.Add(string.Create(CultureInfo.InvariantCulture,
                $"Exact checks against {Name(last.Iteration - 1)}: {test.Gained} answers gained, {test.Lost} lost of n = {test.Count}; {Points(test.Difference)} points ({Points(test.Low)} to {Points(test.High)}), p = {test.P:0.###} (McNemar, exact)."));
        }

        if (last is { AgainstBefore: not { Count: > 0 }, NllChange: { Count: > 1 } change })
        {
            evidence.Add(string.Create(CultureInfo.InvariantCulture,
                $"Held-out negative log-likelihood against {Name(last.Iteration - 1)}: {Signed(change.Mean)} nats a token ({Signed(change.Low)} to {Signed(change.High)}, n = {change.Count}, paired); less is better."));
        }

        return evidence;
    }

    private static string Signed(double value) => (value < 0 ? "−" : "+") + Math.Abs(value).ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Points(double share) => (share < 0 ? "−" : "+") + Math.Abs(share * 100).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Name(int iteration) => iteration < 0 ? "the starting model" : $"iteration {iteration}";
}
