using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Errors;

namespace SpinStudio.Web.Tests;

public sealed class PromptOrderTests
{
    /// <summary>Answers of the judged model, then of the one before it.</summary>
    private static readonly SharedPrompt[] Prompts =
    [
        Prompt("kept", ("the cat sat", true, 0.9, 2.0), ("the cat sat", true, 0.9, 1.0)),
        Prompt("lost", ("a dog ran", false, 0.2, -1.5), ("the cat sat", true, 0.8, 0.5)),
        Prompt("fell", ("the cat ran", null, 0.6, -0.1), ("the cat sat", null, 0.7, 3.0)),
        Prompt("blind", ("one two", false, 0.1, null), ("three four", false, 0.1, null)),
    ];

    [Theory]
    [InlineData("", "kept lost fell blind")]
    [InlineData("worst", "blind lost fell kept")]
    [InlineData("best", "kept fell lost blind")]
    [InlineData("changed", "lost blind fell kept")]
    [InlineData("confused", "fell lost kept")]
    [InlineData("regressed", "lost fell")]
    public void Prompts_worth_looking_at_come_first(string order, string expected) =>
        Assert.Equal(expected, string.Join(' ', PromptOrder.Apply(Prompts, order, 0, 1).Select(prompt => prompt.PromptId)));

    [Fact]
    public void Without_a_model_before_nothing_changed_or_regressed()
    {
        Assert.Empty(PromptOrder.Apply(Prompts, "regressed", 0, null));
        Assert.Empty(PromptOrder.Apply(Prompts, "changed", 0, null));
        Assert.Equal(Refusal.Invalid, Assert.Throws<StudioException>(() => PromptOrder.Apply(Prompts, "random", 0, 1)).Refusal);
    }

    private static SharedPrompt Prompt(string id, params (string Text, bool? Exact, double ToHuman, double? Margin)[] answers) => new(id, null, id,
        [.. answers.Select(answer => new SourcedAnswer(new AnswerSource(Guid.Empty, 0), 0, answer.Text, "stop", 3, answer.Exact, answer.ToHuman, RewardHuman: answer.Margin, RewardOpponent: answer.Margin is null ? null : 0))]);
}
