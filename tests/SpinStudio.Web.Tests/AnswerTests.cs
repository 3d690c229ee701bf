using Microsoft.Extensions.DependencyInjection;
using SpinStudio.Data;
using SpinStudio.Web.Features.Answers;
using SpinStudio.Web.Features.Errors;
using SpinStudio.Web.Features.Samples;

namespace SpinStudio.Web.Tests;

public sealed class AnswerTests : IAsyncLifetime
{
    private readonly StudioHost host = new();

    public async Task InitializeAsync()
    {
        await host.InitializeAsync();
        await host.AdminAsync();
    }

    public Task DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("human", true)]
    [InlineData("0199b5a0-0000-7000-8000-000000000001:-1", true)]
    [InlineData("0199b5a0-0000-7000-8000-000000000001:12", true)]
    [InlineData("0199b5a0-0000-7000-8000-000000000001:-2", false)]
    [InlineData("0199b5a0-0000-7000-8000-000000000001", false)]
    [InlineData("0199b5a0-0000-7000-8000-000000000001:1:2", false)]
    [InlineData("Human", false)]
    [InlineData("", false)]
    public void A_source_has_one_way_to_be_written(string text, bool valid)
    {
        Assert.Equal(valid, AnswerSource.TryParse(text, null, out var source));
        if (valid)
            Assert.Equal(text, source.ToString());
    }

    [Fact]
    public async Task Prompts_that_all_sources_answered_come_with_their_answers_in_the_order_asked_for()
    {
        var (first, second) = (await host.AddRunAsync("first"), await host.AddRunAsync("second"));
        await AddAsync(Row(first, 0, "p1", "a0"), Row(first, 0, "p2", "b0"), Row(first, 1, "p1", "a1"), Row(second, 0, "p1", "c0"), Row(second, 0, "p3", "d0"), Row(first, 2, "p4", "t1", SampleSplit.Train));
        var (one, two) = (new AnswerSource(first.Id, 0), new AnswerSource(second.Id, 0));
        await using var scope = await host.AsAsync(StudioHost.AdminName);
        var answers = scope.ServiceProvider.GetRequiredService<AnswerService>();

        var shared = await answers.PromptsAsync([two, AnswerSource.Human, one]);
        var prompt = Assert.Single(shared.Items);
        Assert.Equal((1, "p1"), (shared.Total, prompt.PromptId));
        Assert.Equal(["c0", "human p1", "a0"], prompt.Answers.Select(answer => answer.Text));
        Assert.Equal(0.75, prompt.Answers[0].Margin);

        Assert.Equal(2, (await answers.PromptsAsync([one])).Total);
        Assert.Equal("t1", Assert.Single((await answers.PromptsAsync([new AnswerSource(first.Id, 1)], SampleSplit.Train)).Items).Answers[0].Text);
        Assert.Equal(["Human", "second · Iteration 0", "first · Iteration 1", "first · Iteration 0"], (await answers.SourcesAsync()).Select(source => source.Name));
        Assert.Equal(Refusal.NotFound, (await Assert.ThrowsAsync<StudioException>(() => answers.PromptAsync("p2", [one, two]))).Refusal);
        Assert.Equal(Refusal.Invalid, (await Assert.ThrowsAsync<StudioException>(() => answers.PromptsAsync([AnswerSource.Human]))).Refusal);
    }

    [Fact]
    public async Task Runs_of_another_team_are_not_found()
    {
        var theirs = await host.AddRunAsync("theirs", team: await host.OtherTeamAsync());
        await AddAsync(Row(theirs, 0, "p1", "secret"));
        await using var scope = await host.AsAsync(StudioHost.AdminName);
        var answers = scope.ServiceProvider.GetRequiredService<AnswerService>();

        Assert.Equal(Refusal.NotFound, (await Assert.ThrowsAsync<StudioException>(() => answers.PromptsAsync([new AnswerSource(theirs.Id, 0)]))).Refusal);
        Assert.Equal("Human", Assert.Single(await answers.SourcesAsync()).Name);
    }

    [Fact]
    public async Task The_newest_answers_show_a_prompt_once_however_often_it_was_answered()
    {
        var run = await host.AddRunAsync("sampled");
        foreach (var prompt in (string[])["p1", "p2", "p3"])
            await AddAsync([.. Enumerable.Range(0, 4).Select(number => Row(run, 0, prompt, $"{prompt} {number}", number: number))]);
        await using var scope = await host.AsAsync(StudioHost.AdminName);

        var newest = await scope.ServiceProvider.GetRequiredService<SampleService>().LatestAsync(run.Id, 2);
        Assert.Equal(["p3 0", "p2 0"], newest.Select(item => Assert.Single(item.Answers).Text));
    }

    private async Task AddAsync(params Sample[] rows)
    {
        await using var db = host.Db();
        db.Samples.AddRange(rows);
        await db.SaveChangesAsync();
    }

    private static Sample Row(Run run, int iteration, string prompt, string answer, string split = SampleSplit.HeldOut, int number = 0) => new()
    {
        RunId = run.Id, Iteration = iteration, Split = split, PromptId = prompt, Prompt = $"prompt {prompt}", Real = $"human {prompt}", Generated = answer, FinishReason = "stop",
        Number = number, Tokens = 3, RewardHuman = 0.5, RewardOpponent = -0.25,
    };
}
