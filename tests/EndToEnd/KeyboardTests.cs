using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EndToEnd;

[Collection(BrowserCollection.Name)]
public sealed class KeyboardTests(Browser browser)
{
    [Fact]
    public async Task Anything_is_reached_by_its_name_without_a_mouse()
    {
        await using var studio = await Studio.StartAsync(SampleRuns.Tiny);
        await using var ada = await browser.VisitAsync(studio);
        await ada.SetUpAsync();
        await ada.Page.WaitForLoadStateAsync(LoadState.Load); // the script that listens is there
        var keyboard = ada.Page.Keyboard;
        var palette = ada.Page.GetByRole(AriaRole.Dialog, new() { Name = "Go to" });

        await keyboard.PressAsync("Control+k");
        await Expect(palette.GetByRole(AriaRole.Option).Filter(new() { HasText = "Datasets" })).ToBeVisibleAsync();
        await keyboard.TypeAsync("tiny sample");
        await Expect(palette.GetByRole(AriaRole.Option)).ToHaveCountAsync(1);
        await ada.AssertAccessibleAsync();
        await keyboard.PressAsync("Enter");
        await Expect(ada.Page).ToHaveURLAsync(new Regex("/runs/[0-9a-f-]{36}$"));
        await Expect(palette).Not.ToBeVisibleAsync();

        await keyboard.PressAsync("Control+k");
        await keyboard.TypeAsync("no such thing");
        await Expect(palette.GetByText("Nothing has this name.")).ToBeVisibleAsync();
        await keyboard.PressAsync("Escape");
        await Expect(palette).Not.ToBeVisibleAsync();

        await keyboard.PressAsync("?");
        await Expect(ada.Page.GetByRole(AriaRole.Dialog, new() { Name = "Keys on this page" })).ToBeVisibleAsync();
        await ada.AssertAccessibleAsync();
        Assert.Empty(ada.Errors);
    }
}
