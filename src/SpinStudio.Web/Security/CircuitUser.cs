using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace SpinStudio.Web.Security;

/// <summary>Tells a circuit's services who its user is.</summary>
internal sealed class CircuitUser(CurrentUser user, AuthenticationStateProvider states) : CircuitHandler, IDisposable
{
    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        states.AuthenticationStateChanged += Changed;
        user.Principal = (await states.GetAuthenticationStateAsync()).User;
    }

    private async void Changed(Task<AuthenticationState> state) => user.Principal = (await state).User;

    public void Dispose() => states.AuthenticationStateChanged -= Changed;
}
