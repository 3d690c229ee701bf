using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class InvitationMapping : IEntityTypeConfiguration<Invitation>
{
    public void Configure(EntityTypeBuilder<Invitation> builder)
    {
        builder.ToTable("Invitations");
        builder.Property(invitation => invitation.TokenHash).HasMaxLength(64);
        builder.Property(invitation => invitation.CreatedBy).HasMaxLength(256);
        builder.HasIndex(invitation => invitation.TokenHash).IsUnique();
        builder.HasIndex(invitation => invitation.TeamId);
        builder.HasOne(invitation => invitation.Team).WithMany().HasForeignKey(invitation => invitation.TeamId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class InvitationUseMapping : IEntityTypeConfiguration<InvitationUse>
{
    public void Configure(EntityTypeBuilder<InvitationUse> builder)
    {
        builder.ToTable("InvitationUses");
        builder.HasKey(use => new { use.InvitationId, use.UserId });
        builder.Property(use => use.UserName).HasMaxLength(256);
        builder.HasOne<Invitation>().WithMany().HasForeignKey(use => use.InvitationId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class PasswordResetMapping : IEntityTypeConfiguration<PasswordReset>
{
    public void Configure(EntityTypeBuilder<PasswordReset> builder)
    {
        builder.ToTable("PasswordResets");
        builder.HasKey(reset => reset.UserId);
        builder.Property(reset => reset.TokenHash).HasMaxLength(64);
        builder.HasIndex(reset => reset.TokenHash).IsUnique();
        builder.HasOne(reset => reset.User).WithMany().HasForeignKey(reset => reset.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
