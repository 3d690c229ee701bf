using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class DatasetReportMapping : IEntityTypeConfiguration<DatasetReport>
{
    public void Configure(EntityTypeBuilder<DatasetReport> builder)
    {
        builder.HasKey(report => new { report.VersionId, report.Tokenizer });
        builder.Property(report => report.Tokenizer).HasMaxLength(64);
        builder.HasOne<DatasetVersion>().WithMany().HasForeignKey(report => report.VersionId).OnDelete(DeleteBehavior.Cascade);
    }
}
