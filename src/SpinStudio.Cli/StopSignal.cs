using System.Runtime.InteropServices;

namespace SpinStudio.Cli;

/// <summary>
/// Turns the first SIGTERM, SIGINT (Ctrl+C) or SIGHUP (a closed terminal) into a request to end in order. A second one ends the process at once.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations;

    /// <param name="asked">Called on the first signal, on another thread.</param>
    public StopSignal(Action asked)
    {
        _registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            if (_source.IsCancellationRequested)
                return;
            context.Cancel = true; // not the default, which would end the process
            _source.Cancel();
            asked();
        }))];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Asks for an end in order, as a signal would.</summary>
    public void Ask()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work has ended already.
        }
    }

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _source.Dispose();
    }
}
