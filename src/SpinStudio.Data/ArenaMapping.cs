using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class ArenaMapping : IEntityTypeConfiguration<Arena>
{
    public void Configure(EntityTypeBuilder<Arena> builder)
    {
        builder.ToTable("Arenas");
        builder.Property(arena => arena.Name).HasMaxLength(200);
        builder.Property(arena => arena.Split).HasMaxLength(16);
        builder.Property(arena => arena.CreatedBy).HasMaxLength(256);
        builder.HasIndex(arena => arena.TeamId);
        builder.HasOne<Team>().WithMany().HasForeignKey(arena => arena.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasMany(arena => arena.Contestants).WithOne().HasForeignKey(contestant => contestant.ArenaId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ArenaContestantMapping : IEntityTypeConfiguration<ArenaContestant>
{
    public void Configure(EntityTypeBuilder<ArenaContestant> builder)
    {
        builder.ToTable("ArenaContestants");
        builder.HasKey(contestant => new { contestant.ArenaId, contestant.Number });
        builder.Property(contestant => contestant.Source).HasMaxLength(64);
        builder.Property(contestant => contestant.Name).HasMaxLength(300);
    }
}

internal sealed class ArenaPromptMapping : IEntityTypeConfiguration<ArenaPrompt>
{
    public void Configure(EntityTypeBuilder<ArenaPrompt> builder)
    {
        builder.ToTable("ArenaPrompts");
        builder.HasKey(prompt => new { prompt.ArenaId, prompt.Number });
        builder.Property(prompt => prompt.PromptId).HasMaxLength(16);
        builder.HasOne<Arena>().WithMany().HasForeignKey(prompt => prompt.ArenaId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ArenaAnswerMapping : IEntityTypeConfiguration<ArenaAnswer>
{
    public void Configure(EntityTypeBuilder<ArenaAnswer> builder)
    {
        builder.ToTable("ArenaAnswers");
        builder.HasKey(answer => new { answer.ArenaId, answer.Prompt, answer.Contestant });
        builder.HasOne<Arena>().WithMany().HasForeignKey(answer => answer.ArenaId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ArenaBallotMapping : IEntityTypeConfiguration<ArenaBallot>
{
    public void Configure(EntityTypeBuilder<ArenaBallot> builder)
    {
        builder.ToTable("ArenaBallots");
        builder.Property(ballot => ballot.UserName).HasMaxLength(256);
        builder.Property(ballot => ballot.Kind).HasConversion<string>().HasMaxLength(16);
        builder.Property(ballot => ballot.Outcome).HasConversion<string>().HasMaxLength(16);
        // Nobody is shown the same two answers twice.
        builder.HasIndex(ballot => new { ballot.ArenaId, ballot.UserId, ballot.Prompt, ballot.One, ballot.Two }).IsUnique();
        builder.HasIndex(ballot => ballot.UserId);
        builder.HasOne<Arena>().WithMany().HasForeignKey(ballot => ballot.ArenaId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<AppUser>().WithMany().HasForeignKey(ballot => ballot.UserId).OnDelete(DeleteBehavior.SetNull);
    }
}
