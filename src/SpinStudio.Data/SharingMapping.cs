using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class ShareLinkMapping : IEntityTypeConfiguration<ShareLink>
{
    public void Configure(EntityTypeBuilder<ShareLink> builder)
    {
        builder.ToTable("ShareLinks");
        builder.Property(link => link.TokenHash).HasMaxLength(64);
        builder.HasIndex(link => link.TokenHash).IsUnique();
        builder.HasIndex(link => link.RunId);
        builder.HasOne<Run>().WithMany().HasForeignKey(link => link.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class SharingStopMapping : IEntityTypeConfiguration<SharingStop>
{
    public void Configure(EntityTypeBuilder<SharingStop> builder)
    {
        builder.ToTable("SharingStops");
        builder.HasKey(stop => stop.Scope);
        builder.Property(stop => stop.Scope).HasMaxLength(64);
        builder.Property(stop => stop.StoppedBy).HasMaxLength(256);
    }
}
