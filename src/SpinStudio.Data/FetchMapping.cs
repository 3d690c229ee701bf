using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class FetchMapping : IEntityTypeConfiguration<Fetch>
{
    public void Configure(EntityTypeBuilder<Fetch> builder)
    {
        builder.Property(fetch => fetch.Purpose).HasConversion<string>().HasMaxLength(16);
        builder.Property(fetch => fetch.Source).HasConversion<string>().HasMaxLength(16);
        builder.Property(fetch => fetch.State).HasConversion<string>().HasMaxLength(16);
        builder.Property(fetch => fetch.Address).HasMaxLength(2000);
        builder.Property(fetch => fetch.File).HasMaxLength(1000);
        builder.Property(fetch => fetch.Name).HasMaxLength(250);
        builder.Property(fetch => fetch.Commit).HasMaxLength(64);
        builder.HasIndex(fetch => new { fetch.TeamId, fetch.CreatedAt });
        builder.HasIndex(fetch => fetch.State);
        builder.HasOne<Team>().WithMany().HasForeignKey(fetch => fetch.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne(fetch => fetch.User).WithMany().HasForeignKey(fetch => fetch.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
