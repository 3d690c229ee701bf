using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace SpinStudio.Web.Security;

/// <summary>Tells a circuit's services who its user is.</summary>
internal sealed class CircuitUser(CurrentUser user, AuthenticationStateProvider states, LastSeen seen) : CircuitHandler, IDisposable
{
    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        states.AuthenticationStateChanged += Changed;
        user.Principal = (await states.GetAuthenticationStateAsync()).User;
    }

    /// <summary>Somebody may stay on pages for hours without another request.</summary>
    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(Func<CircuitInboundActivityContext, Task> next) => async context =>
    {
        await seen.NoteAsync(user.Principal);
        await next(context);
    };

    private async void Changed(Task<AuthenticationState> state) => user.Principal = (await state).User;

    public void Dispose() => states.AuthenticationStateChanged -= Changed;
}
