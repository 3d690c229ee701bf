using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class TeamMapping : IEntityTypeConfiguration<Team>
{
    public void Configure(EntityTypeBuilder<Team> builder) => builder.Property(team => team.Name).HasMaxLength(100);
}

internal sealed class TeamMemberMapping : IEntityTypeConfiguration<TeamMember>
{
    public void Configure(EntityTypeBuilder<TeamMember> builder)
    {
        builder.HasKey(member => new { member.TeamId, member.UserId });
        builder.HasOne(member => member.Team).WithMany(team => team.Members).HasForeignKey(member => member.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne(member => member.User).WithMany().HasForeignKey(member => member.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class DatasetMapping : IEntityTypeConfiguration<Dataset>
{
    public void Configure(EntityTypeBuilder<Dataset> builder)
    {
        builder.Property(dataset => dataset.Name).HasMaxLength(200);
        builder.HasIndex(dataset => new { dataset.TeamId, dataset.Name }).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(dataset => dataset.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne(dataset => dataset.CreatedBy).WithMany().HasForeignKey(dataset => dataset.CreatedById).OnDelete(DeleteBehavior.SetNull);
    }
}

internal sealed class DatasetVersionMapping : IEntityTypeConfiguration<DatasetVersion>
{
    public void Configure(EntityTypeBuilder<DatasetVersion> builder)
    {
        builder.Property(version => version.Sha256).HasMaxLength(64);
        builder.HasIndex(version => new { version.DatasetId, version.Number }).IsUnique();
        builder.HasOne(version => version.Dataset).WithMany(dataset => dataset.Versions).HasForeignKey(version => version.DatasetId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ModelMapping : IEntityTypeConfiguration<Model>
{
    public void Configure(EntityTypeBuilder<Model> builder)
    {
        builder.Property(model => model.Name).HasMaxLength(250);
        builder.Property(model => model.Sha256).HasMaxLength(64);
        builder.Property(model => model.Architecture).HasMaxLength(100);
        builder.Property(model => model.Origin).HasConversion<string>().HasMaxLength(16);
        builder.Property(model => model.Source).HasMaxLength(500);
        builder.Property(model => model.License).HasMaxLength(200);
        builder.HasIndex(model => model.TeamId);
        builder.HasIndex(model => new { model.RunId, model.Iteration }).IsUnique();
        builder.HasOne<Team>().WithMany().HasForeignKey(model => model.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne(model => model.Parent).WithMany().HasForeignKey(model => model.ParentId).OnDelete(DeleteBehavior.SetNull);
    }
}

internal sealed class RunMapping : IEntityTypeConfiguration<Run>
{
    public void Configure(EntityTypeBuilder<Run> builder)
    {
        builder.Property(run => run.Name).HasMaxLength(200);
        builder.Property(run => run.Kind).HasMaxLength(16);
        builder.Property(run => run.ClientRequestId).HasMaxLength(64);
        builder.Property(run => run.GroupName).HasMaxLength(200);
        builder.HasIndex(run => new { run.TeamId, run.ClientRequestId }).IsUnique();
        builder.HasIndex(run => new { run.TeamId, run.CreatedAt });
        builder.HasIndex(run => new { run.Status, run.QueuedAt });
        builder.HasOne<Team>().WithMany().HasForeignKey(run => run.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne(run => run.DatasetVersion).WithMany().HasForeignKey(run => run.DatasetVersionId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne(run => run.Model).WithMany().HasForeignKey(run => run.ModelId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne(run => run.CreatedBy).WithMany().HasForeignKey(run => run.CreatedById).OnDelete(DeleteBehavior.SetNull);
        builder.HasOne(run => run.StoppedBy).WithMany().HasForeignKey(run => run.StoppedById).OnDelete(DeleteBehavior.SetNull);
    }
}

internal sealed class IterationMapping : IEntityTypeConfiguration<Iteration>
{
    public void Configure(EntityTypeBuilder<Iteration> builder)
    {
        builder.HasKey(iteration => new { iteration.RunId, iteration.Number });
        builder.HasOne(iteration => iteration.Run).WithMany().HasForeignKey(iteration => iteration.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class MetricPointMapping : IEntityTypeConfiguration<MetricPoint>
{
    public void Configure(EntityTypeBuilder<MetricPoint> builder)
    {
        builder.HasKey(point => new { point.RunId, point.Iteration, point.Name, point.Step });
        builder.Property(point => point.Name).HasMaxLength(100);
        builder.HasIndex(point => new { point.RunId, point.Name, point.GlobalStep });
        builder.HasOne<Run>().WithMany().HasForeignKey(point => point.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class MetricBlockMapping : IEntityTypeConfiguration<MetricBlock>
{
    public void Configure(EntityTypeBuilder<MetricBlock> builder)
    {
        builder.HasKey(block => new { block.RunId, block.Size, block.Name, block.First });
        builder.Property(block => block.Name).HasMaxLength(100);
        builder.HasOne<Run>().WithMany().HasForeignKey(block => block.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class SampleMapping : IEntityTypeConfiguration<Sample>
{
    public void Configure(EntityTypeBuilder<Sample> builder)
    {
        builder.Property(sample => sample.Split).HasMaxLength(16);
        builder.Property(sample => sample.PromptId).HasMaxLength(16);
        builder.Property(sample => sample.FinishReason).HasMaxLength(16);
        builder.HasIndex(sample => new { sample.RunId, sample.Split, sample.PromptId });
        builder.HasIndex(sample => new { sample.RunId, sample.Split, sample.Iteration });
        builder.HasIndex(sample => sample.PromptId);
        builder.HasOne<Run>().WithMany().HasForeignKey(sample => sample.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class EvaluationMapping : IEntityTypeConfiguration<Evaluation>
{
    public void Configure(EntityTypeBuilder<Evaluation> builder)
    {
        builder.HasKey(evaluation => new { evaluation.RunId, evaluation.Iteration });
        builder.HasOne<Run>().WithMany().HasForeignKey(evaluation => evaluation.RunId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class UploadMapping : IEntityTypeConfiguration<Upload>
{
    public void Configure(EntityTypeBuilder<Upload> builder)
    {
        builder.Property(upload => upload.FileName).HasMaxLength(255);
        builder.HasOne<Team>().WithMany().HasForeignKey(upload => upload.TeamId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<AppUser>().WithMany().HasForeignKey(upload => upload.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class AuditEntryMapping : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.Property(entry => entry.UserName).HasMaxLength(256);
        builder.Property(entry => entry.Token).HasMaxLength(128);
        builder.Property(entry => entry.Action).HasMaxLength(64);
        builder.Property(entry => entry.Subject).HasMaxLength(64);
        builder.HasIndex(entry => new { entry.TeamId, entry.At });
    }
}

internal sealed class UserSettingMapping : IEntityTypeConfiguration<UserSetting>
{
    public void Configure(EntityTypeBuilder<UserSetting> builder)
    {
        builder.HasKey(setting => new { setting.UserId, setting.Key });
        builder.Property(setting => setting.Key).HasMaxLength(100);
        builder.HasOne(setting => setting.User).WithMany().HasForeignKey(setting => setting.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
