namespace SpinStudio.Web.Features.Answers;

/// <summary>Implicit rewards that an iteration's model gives the human answer to a prompt and its opponent's, in units of β × nats.</summary>
public sealed record RewardPoint(int Iteration, double Human, double Opponent)
{
    public double Margin => Human - Opponent;
}
