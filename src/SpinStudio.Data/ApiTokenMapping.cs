using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class ApiTokenMapping : IEntityTypeConfiguration<ApiToken>
{
    public void Configure(EntityTypeBuilder<ApiToken> builder)
    {
        builder.ToTable("ApiTokens");
        builder.Property(token => token.Name).HasMaxLength(100);
        builder.Property(token => token.Start).HasMaxLength(16);
        builder.Property(token => token.TokenHash).HasMaxLength(64);
        builder.Property(token => token.Scope).HasConversion<string>().HasMaxLength(16);
        builder.HasIndex(token => token.TokenHash).IsUnique();
        builder.HasIndex(token => token.TeamId);
        builder.HasIndex(token => token.UserId);
        builder.HasOne<Team>().WithMany().HasForeignKey(token => token.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne(token => token.User).WithMany().HasForeignKey(token => token.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
