using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace SpinStudio.Data;

/// <summary>How the studio's database is opened.</summary>
public static class StudioDbSetup
{
    /// <summary>Connection string of a SQLite file.</summary>
    public static string ConnectionString(string file) => $"Data Source={file};Foreign Keys=True;Default Timeout=30";

    public static DbContextOptionsBuilder UseStudioSqlite(this DbContextOptionsBuilder options, string connectionString)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options
            .UseSqlite(connectionString)
            .AddInterceptors(new SqlitePragmas())
            // Migrations are written by hand, without a snapshot to compare with; a test compares the migrated schema with the model instead.
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning));
    }

    /// <summary>A factory for short-lived contexts, and a scoped context for accounts. Registered interceptors hear of what is saved.</summary>
    public static IServiceCollection AddStudioDb(this IServiceCollection services, Func<IServiceProvider, string> connectionString) =>
        services.AddDbContextFactory<StudioDb>((provider, options) => options.UseStudioSqlite(connectionString(provider)).AddInterceptors(provider.GetServices<IInterceptor>()));
}
