using System.Globalization;
using SpinStudio.Engine.Evaluation;

namespace SpinStudio.Web.Features.Insights;

public enum AdviceKind
{
    /// <summary>Nothing to judge by yet.</summary>
    Wait,
    GoOn,
    Stop,
}

/// <summary>What is known about an iteration that has ended.</summary>
/// <param name="LossAtEnd">Training loss over the last steps.</param>
/// <param name="LossAtStart">ℓ(0): where it started.</param>
/// <param name="RewardAccuracy">Held-out, with its interval; null when there was no evaluation.</param>
/// <param name="AgainstBefore">Paired test against the model before; null when no held-out answer carries an exact check.</param>
public sealed record EndedIteration(int Iteration, Estimate? LossAtEnd, double LossAtStart, Estimate? RewardAccuracy, PairedTest? AgainstBefore);

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
        var count = Math.Max(last.RewardAccuracy?.Count ?? 0, last.AgainstBefore?.Count ?? 0);
        return last switch
        {
            _ when count is > 0 and < Fewest => new StopAdvice(AdviceKind.Wait, null, $"{count} held-out examples are too few to advise by; evaluate at least {Fewest}.", evidence),
            { AgainstBefore.Worse: true } => new StopAdvice(AdviceKind.Stop, last.Iteration - 1,
                $"Stop and keep {Name(last.Iteration - 1)}: iteration {last.Iteration} does worse on held-out prompts.", evidence),
            _ when guessing && moved => new StopAdvice(AdviceKind.Stop, last.Iteration - 1,
                $"Stop and keep {Name(last.Iteration - 1)}: on held-out prompts the human answers can no longer be told from the opponent's, although the training loss fell. What iteration {last.Iteration} learned does not carry over.", evidence),
            { AgainstBefore: { Better: false } test } when test.Count > 0 => new StopAdvice(AdviceKind.Stop, last.Iteration - 1,
                $"Another iteration is not worth its time yet: iteration {last.Iteration} is not distinguishable from {Name(last.Iteration - 1)} on the same held-out prompts. Keep the earlier one, or evaluate more examples.", evidence),
            _ when guessing => new StopAdvice(AdviceKind.GoOn, last.Iteration,
                "Human and generated answers cannot be told apart on held-out prompts, but the training loss has hardly moved either: that is too little training, not convergence. Raise the learning rate or the epochs.", evidence),
            { AgainstBefore.Better: true } => new StopAdvice(AdviceKind.GoOn, last.Iteration, $"Go on: iteration {last.Iteration} is better than {Name(last.Iteration - 1)}.", evidence),
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

        return evidence;
    }

    private static string Points(double share) => (share < 0 ? "−" : "+") + Math.Abs(share * 100).ToString("0.0", CultureInfo.InvariantCulture);

    private static string Name(int iteration) => iteration < 0 ? "the starting model" : $"iteration {iteration}";
}
