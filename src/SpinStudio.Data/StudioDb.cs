using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace SpinStudio.Data;

/// <summary>The studio's database: accounts, teams, datasets, models, runs and what their journals said.</summary>
public sealed class StudioDb(DbContextOptions<StudioDb> options) : IdentityUserContext<AppUser, Guid>(options)
{
    public DbSet<Team> Teams => Set<Team>();

    public DbSet<TeamMember> TeamMembers => Set<TeamMember>();

    public DbSet<Dataset> Datasets => Set<Dataset>();

    public DbSet<DatasetVersion> DatasetVersions => Set<DatasetVersion>();

    public DbSet<DatasetReport> DatasetReports => Set<DatasetReport>();

    public DbSet<Model> Models => Set<Model>();

    public DbSet<Run> Runs => Set<Run>();

    public DbSet<RunTag> RunTags => Set<RunTag>();

    public DbSet<ShareLink> ShareLinks => Set<ShareLink>();

    public DbSet<SharingStop> SharingStops => Set<SharingStop>();

    public DbSet<Comment> Comments => Set<Comment>();

    public DbSet<Mention> Mentions => Set<Mention>();

    public DbSet<Iteration> Iterations => Set<Iteration>();

    public DbSet<MetricPoint> MetricPoints => Set<MetricPoint>();

    public DbSet<MetricBlock> MetricBlocks => Set<MetricBlock>();

    public DbSet<Sample> Samples => Set<Sample>();

    public DbSet<Evaluation> Evaluations => Set<Evaluation>();

    public DbSet<Fetch> Fetches => Set<Fetch>();

    public DbSet<Upload> Uploads => Set<Upload>();

    public DbSet<QueuePause> QueuePauses => Set<QueuePause>();

    public DbSet<PhaseTiming> PhaseTimings => Set<PhaseTiming>();

    public DbSet<TeamPreset> TeamPresets => Set<TeamPreset>();

    public DbSet<ApiToken> ApiTokens => Set<ApiToken>();

    public DbSet<Arena> Arenas => Set<Arena>();

    public DbSet<ArenaPrompt> ArenaPrompts => Set<ArenaPrompt>();

    public DbSet<ArenaAnswer> ArenaAnswers => Set<ArenaAnswer>();

    public DbSet<ArenaBallot> ArenaBallots => Set<ArenaBallot>();

    public DbSet<Invitation> Invitations => Set<Invitation>();

    public DbSet<InvitationUse> InvitationUses => Set<InvitationUse>();

    public DbSet<PasswordReset> PasswordResets => Set<PasswordReset>();

    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    public DbSet<TeamEvent> TeamEvents => Set<TeamEvent>();

    public DbSet<Notification> Notifications => Set<Notification>();

    public DbSet<Webhook> Webhooks => Set<Webhook>();

    public DbSet<WebhookDelivery> WebhookDeliveries => Set<WebhookDelivery>();

    public DbSet<UserSetting> UserSettings => Set<UserSetting>();

    public DbSet<TeamServer> TeamServers => Set<TeamServer>();

    public DbSet<Judging> Judgings => Set<Judging>();

    public DbSet<Verdict> Verdicts => Set<Verdict>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicks>();
        configurationBuilder.Properties<TeamRole>().HaveConversion<string>().HaveMaxLength(16);
        configurationBuilder.Properties<RunStatus>().HaveConversion<string>().HaveMaxLength(16);
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.Entity<AppUser>().ToTable("Users");
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("UserClaims");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("UserLogins");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("UserTokens");
        builder.ApplyConfigurationsFromAssembly(typeof(StudioDb).Assembly);
    }
}
