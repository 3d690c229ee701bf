using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class RunTagMapping : IEntityTypeConfiguration<RunTag>
{
    public void Configure(EntityTypeBuilder<RunTag> builder)
    {
        builder.ToTable("RunTags");
        builder.HasKey(tag => new { tag.RunId, tag.Name });
        builder.Property(tag => tag.Name).HasMaxLength(40);
        builder.HasIndex(tag => new { tag.TeamId, tag.Name });
        builder.HasOne(tag => tag.Run).WithMany(run => run.Tags).HasForeignKey(tag => tag.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}
