using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class TeamsTests(Browser browser)
{
    private const string Guest = "Bea", MayNotRun = "You may look but not start runs";

    [Fact]
    public async Task Somebody_invited_joins_is_made_runner_and_lets_a_program_work_until_its_token_is_revoked()
    {
        await using var studio = await Studio.StartAsync();
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        await ada.OpenAsync("/team");
        await ada.Page.GetByLabel("one person only").CheckAsync();
        await ada.Page.GetByRole(AriaRole.Button, new() { Name = "Make invitation" }).ClickAsync();
        var link = await ada.Page.GetByLabel("The link, shown this once").InputValueAsync();

        await using var bea = await browser.VisitAsync(studio);
        await bea.Page.GotoAsync(link);
        await Expect(bea.Page.GetByText("You are invited as Rater")).ToBeVisibleAsync();
        await bea.Page.GetByLabel("Your name").FillAsync(Guest);
        await bea.Page.GetByLabel("Password", new() { Exact = true }).FillAsync(Visitor.Password);
        await bea.Page.GetByLabel("Password again").FillAsync(Visitor.Password);
        await bea.Page.GetByRole(AriaRole.Button, new() { Name = "Create account and join" }).ClickAsync();
        await Expect(bea.Page.GetByRole(AriaRole.Heading, new() { Name = "Home" })).ToBeVisibleAsync();
        await bea.OpenAsync("/runs/new");
        await Expect(bea.Page.GetByText(MayNotRun)).ToBeVisibleAsync();

        // The one who came is told at the link, which opens no more; Ada makes her a Runner.
        await ada.OpenAsync("/team");
        await Expect(ada.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "used" })).ToContainTextAsync(Guest);
        await ada.Page.GetByLabel($"Role of {Guest}").SelectOptionAsync("Runner");
        await Expect(ada.Page.Locator("tr").Filter(new() { HasText = Guest }).GetByText("just now").First).ToBeVisibleAsync();
        await ada.PictureAsync("team");

        await bea.OpenAsync("/runs/new");
        await Expect(bea.Page.GetByRole(AriaRole.Heading, new() { Name = "New run" })).ToBeVisibleAsync();
        await Expect(bea.Page.GetByText(MayNotRun)).ToHaveCountAsync(0);
        await bea.OpenAsync("/settings");
        await bea.Page.GetByLabel("What it is for").FillAsync("nightly");
        await bea.Page.GetByLabel("It may").SelectOptionAsync("Run");
        await bea.Page.GetByRole(AriaRole.Button, new() { Name = "Make token" }).ClickAsync();
        var token = await bea.Page.GetByLabel("nightly: copy it now, it is shown this once.").InputValueAsync();
        using var program = new HttpClient { BaseAddress = new Uri(studio.Address) };
        program.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using (var file = new StringContent("""{"file_name":"a.jsonl","length":3}""", new MediaTypeHeaderValue("application/json")))
            Assert.Equal(HttpStatusCode.OK, (await program.PostAsync(new Uri("/api/v1/uploads", UriKind.Relative), file)).StatusCode);

        await bea.Page.GetByRole(AriaRole.Button, new() { Name = "Revoke nightly" }).ClickAsync();
        await Expect(bea.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "nightly" })).ToContainTextAsync("revoked");
        Assert.Equal(HttpStatusCode.Unauthorized, (await program.GetAsync(new Uri("/api/v1/runs", UriKind.Relative))).StatusCode);

        await ada.OpenAsync("/team/audit");
        var log = ada.Page.GetByRole(AriaRole.Region, new() { Name = "Audit log" });
        foreach (var entry in (string[])["invitation.create", "member.join", "member.role", "token.create", "upload.create", "token.revoke"])
            await Expect(log).ToContainTextAsync(entry);
        await Expect(log.Locator("tr").Filter(new() { HasText = "upload.create" })).ToContainTextAsync("nightly (spin_");
        await ada.PictureAsync("audit");
        await LeaveByPhoneAsync(bea.Page);
        Assert.Empty(bea.Errors.Concat(ada.Errors));
    }

    /// <summary>The bar of a phone has the front of the list; behind More are the other pages and the way out.</summary>
    private static async Task LeaveByPhoneAsync(IPage page)
    {
        await page.SetViewportSizeAsync(360, 780);
        var bar = page.GetByRole(AriaRole.Navigation, new() { Name = "Main" });
        var (more, judge, leave) = (bar.GetByRole(AriaRole.Button, new() { Name = "More" }), bar.GetByRole(AriaRole.Link, new() { Name = "Judge" }), bar.GetByRole(AriaRole.Button, new() { Name = "Log out" }));
        await Expect(judge).ToBeHiddenAsync();
        await more.ClickAsync();
        await judge.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/judge$"));
        await Expect(leave).ToBeHiddenAsync();
        await more.ClickAsync();
        await leave.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/account/login"));
    }
}
