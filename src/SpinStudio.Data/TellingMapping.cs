using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class TeamEventMapping : IEntityTypeConfiguration<TeamEvent>
{
    public void Configure(EntityTypeBuilder<TeamEvent> builder)
    {
        builder.ToTable("TeamEvents");
        builder.Property(told => told.Kind).HasMaxLength(32);
        builder.Property(told => told.Key).HasMaxLength(200);
        builder.Property(told => told.Text).HasMaxLength(1000);
        builder.Property(told => told.Path).HasMaxLength(500);
        builder.HasIndex(told => told.Key).IsUnique();
        builder.HasIndex(told => new { told.TeamId, told.At });
        builder.HasOne<Team>().WithMany().HasForeignKey(told => told.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class NotificationMapping : IEntityTypeConfiguration<Notification>
{
    public void Configure(EntityTypeBuilder<Notification> builder)
    {
        builder.ToTable("Notifications");
        builder.HasKey(notification => new { notification.UserId, notification.EventId });
        builder.HasIndex(notification => notification.EventId);
        builder.HasIndex(notification => new { notification.UserId, notification.ReadAt });
        builder.HasOne(notification => notification.Event).WithMany().HasForeignKey(notification => notification.EventId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<AppUser>().WithMany().HasForeignKey(notification => notification.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class WebhookMapping : IEntityTypeConfiguration<Webhook>
{
    public void Configure(EntityTypeBuilder<Webhook> builder)
    {
        builder.ToTable("Webhooks");
        builder.Property(hook => hook.Address).HasMaxLength(2000);
        builder.Property(hook => hook.Kinds).HasMaxLength(500);
        builder.Property(hook => hook.Secret).HasMaxLength(1000);
        builder.Property(hook => hook.CreatedBy).HasMaxLength(256);
        builder.HasIndex(hook => hook.TeamId);
        builder.HasOne<Team>().WithMany().HasForeignKey(hook => hook.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class WebhookDeliveryMapping : IEntityTypeConfiguration<WebhookDelivery>
{
    public void Configure(EntityTypeBuilder<WebhookDelivery> builder)
    {
        builder.ToTable("WebhookDeliveries");
        builder.Property(delivery => delivery.Kind).HasMaxLength(32);
        builder.Property(delivery => delivery.State).HasConversion<string>().HasMaxLength(16);
        builder.Property(delivery => delivery.Answer).HasMaxLength(500);
        builder.HasIndex(delivery => new { delivery.State, delivery.NextAt });
        builder.HasIndex(delivery => new { delivery.WebhookId, delivery.CreatedAt });
        builder.HasOne(delivery => delivery.Webhook).WithMany().HasForeignKey(delivery => delivery.WebhookId).OnDelete(DeleteBehavior.Cascade);
    }
}
