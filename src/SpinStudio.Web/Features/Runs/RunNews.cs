using SpinStudio.Web.Live;

namespace SpinStudio.Web.Features.Runs;

/// <summary>Passes a run's news from its page, which holds the one subscription, to the tab that is open.</summary>
public sealed class RunNews
{
    public event Action<RunUpdate>? Updated;

    public void Tell(RunUpdate update) => Updated?.Invoke(update);
}
