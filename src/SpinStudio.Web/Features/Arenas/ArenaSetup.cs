namespace SpinStudio.Web.Features.Arenas;

internal static class ArenaSetup
{
    public static void AddArenas(this IServiceCollection services)
    {
        services.AddScoped<ArenaService>();
        services.AddScoped<ArenaVoting>();
        services.AddScoped<ArenaStandings>();
        services.AddScoped<ArenaAgreement>();
        services.AddScoped<ArenaExport>();
        services.AddScoped<IPairVerdicts, RewardVerdicts>();
    }
}
