using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class QueuePauseMapping : IEntityTypeConfiguration<QueuePause>
{
    public void Configure(EntityTypeBuilder<QueuePause> builder)
    {
        builder.HasKey(pause => pause.TeamId);
        builder.HasOne<Team>().WithMany().HasForeignKey(pause => pause.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class PhaseTimingMapping : IEntityTypeConfiguration<PhaseTiming>
{
    public void Configure(EntityTypeBuilder<PhaseTiming> builder)
    {
        builder.HasKey(timing => new { timing.RunId, timing.Iteration, timing.Phase });
        builder.Property(timing => timing.Phase).HasMaxLength(16);
        builder.HasOne<Run>().WithMany().HasForeignKey(timing => timing.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class TeamPresetMapping : IEntityTypeConfiguration<TeamPreset>
{
    public void Configure(EntityTypeBuilder<TeamPreset> builder)
    {
        builder.Property(preset => preset.Name).HasMaxLength(100);
        builder.HasIndex(preset => new { preset.TeamId, preset.Name }).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(preset => preset.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}
