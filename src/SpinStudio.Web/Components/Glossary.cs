namespace SpinStudio.Web.Components;

/// <summary>What the words of self-play mean, in one sentence each.</summary>
internal static class Glossary
{
    public static string Of(string word) => Entries.GetValueOrDefault(word) ?? throw new ArgumentException($"The glossary has no entry '{word}'.");

    private static readonly Dictionary<string, string> Entries = new(StringComparer.OrdinalIgnoreCase)
    {
        ["self-play"] = "The model learns to prefer human answers over those that it wrote itself one iteration earlier.",
        ["iteration"] = "One round of self-play: the current model answers all prompts, then is trained to tell human answers from its own.",
        ["opponent"] = "The model as it was when the iteration began. It writes the answers that the main player learns to tell from human ones.",
        ["main player"] = "The model being trained in this iteration. It starts as a copy of the opponent.",
        ["margin"] = "Reward of the human answer minus reward of the opponent's. It starts at 0 and grows as the model learns.",
        ["implicit reward"] = "β times how much likelier an answer has become since the iteration began, in log-probability.",
        ["reward accuracy"] = "Share of pairs in which the human answer has the larger reward. 50 % is guessing.",
        ["loss"] = "How badly the two answers are told apart, by the margin. The logistic loss is ln 2 = 0.693 before the first step, the others 1: the model cannot tell them apart.",
        ["exact check"] = "Share of sampled answers to unseen prompts that fulfil their task, decided by a program.",
        ["NLL"] = "Negative log-likelihood of the human answer in nats per token: how surprising the model finds it. Lower is better.",
        ["β"] = "How strongly a change of log-probability counts as reward (λ in the paper). Larger keeps the model nearer to its opponent.",
        ["interval"] = "95 % interval: repeating the measurement would give a value in a range like this in 19 of 20 cases.",
        ["held-out"] = "Examples that are never trained on. They tell whether the model learned the task or only the examples.",
        ["pair"] = "A prompt with the human answer and the opponent's answer to it.",
        ["truncated"] = "Answers that were cut at the length limit instead of ending by themselves.",
        ["AUC"] = "Probability that a random human answer has more of it than a random generated one. 0.5 tells nothing; near 0 or 1 it gives the answers away.",
        ["epoch"] = "One pass over all pairs of the iteration.",
        ["checkpoint"] = "A saved state from which a run continues as if it had never stopped.",
        ["arena points"] = "1000 for all contestants together. 400 points more than another are odds of 10 to 1 to win against it, as in chess.",
        ["kappa"] = "Agreement beyond chance: 1 is full agreement, 0 what chance would give.",
        ["position flip"] = "The judge named another winner when the two answers changed places. Such a pair counts as a tie.",
        ["length bias"] = "Share of decided pairs in which the longer answer won. About one half is right, if length is no merit.",
        ["length-controlled"] = "The win-rate as it would be if both answers were equally long, by logistic regression on the difference in length.",
        ["log-prob"] = "Sum of the log-probabilities of an answer's tokens under the model.",
    };
}
