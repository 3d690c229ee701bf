using Microsoft.AspNetCore.Components;
using SpinStudio.Web.Components;
using SpinStudio.Web.Live;

namespace SpinStudio.Web.Features.Runs;

/// <summary>A tab of the run page: gets the run, and hears its news while it is open.</summary>
public abstract class RunTab : StudioPage
{
    [Parameter, EditorRequired]
    public RunDetail Run { get; set; } = default!;

    [CascadingParameter]
    public RunNews News { get; set; } = default!;

    protected override void OnInitialized() => News.Updated += Hear;

    /// <summary>Called on the component's thread with each update; does nothing unless overridden.</summary>
    protected virtual Task HearAsync(RunUpdate update) => Task.CompletedTask;

    private void Hear(RunUpdate update) => _ = InvokeAsync(() => HearAsync(update));

    public override ValueTask DisposeAsync()
    {
        News.Updated -= Hear;
        GC.SuppressFinalize(this);
        return base.DisposeAsync();
    }
}
