using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class TeamServerMapping : IEntityTypeConfiguration<TeamServer>
{
    public void Configure(EntityTypeBuilder<TeamServer> builder)
    {
        builder.ToTable("TeamServers");
        builder.Property(server => server.Name).HasMaxLength(100);
        builder.Property(server => server.Address).HasMaxLength(1000);
        builder.Property(server => server.Model).HasMaxLength(300);
        builder.Property(server => server.CreatedBy).HasMaxLength(256);
        builder.HasIndex(server => new { server.TeamId, server.Name }).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(server => server.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class JudgingMapping : IEntityTypeConfiguration<Judging>
{
    public void Configure(EntityTypeBuilder<Judging> builder)
    {
        builder.ToTable("Judgings");
        builder.Property(judging => judging.Name).HasMaxLength(200);
        builder.Property(judging => judging.State).HasConversion<string>().HasMaxLength(16);
        builder.Property(judging => judging.ServerName).HasMaxLength(100);
        builder.Property(judging => judging.ServerModel).HasMaxLength(300);
        builder.Property(judging => judging.Split).HasMaxLength(16);
        builder.Property(judging => judging.CreatedBy).HasMaxLength(256);
        builder.HasIndex(judging => new { judging.TeamId, judging.CreatedAt });
        builder.HasIndex(judging => judging.ServerId);
        builder.HasOne<Team>().WithMany().HasForeignKey(judging => judging.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<TeamServer>().WithMany().HasForeignKey(judging => judging.ServerId).OnDelete(DeleteBehavior.SetNull);
    }
}

internal sealed class VerdictMapping : IEntityTypeConfiguration<Verdict>
{
    public void Configure(EntityTypeBuilder<Verdict> builder)
    {
        builder.ToTable("Verdicts");
        builder.Property(verdict => verdict.PromptId).HasMaxLength(64);
        builder.Property(verdict => verdict.First).HasMaxLength(64);
        builder.Property(verdict => verdict.Second).HasMaxLength(64);
        builder.Property(verdict => verdict.Outcome).HasConversion<string>().HasMaxLength(16);
        builder.HasIndex(verdict => new { verdict.JudgingId, verdict.PromptId, verdict.First, verdict.Second, verdict.Swapped }).IsUnique();
        builder.HasOne<Judging>().WithMany().HasForeignKey(verdict => verdict.JudgingId).OnDelete(DeleteBehavior.Cascade);
    }
}
