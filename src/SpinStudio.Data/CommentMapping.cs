using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace SpinStudio.Data;

internal sealed class CommentMapping : IEntityTypeConfiguration<Comment>
{
    public void Configure(EntityTypeBuilder<Comment> builder)
    {
        builder.ToTable("Comments");
        builder.Property(comment => comment.AuthorName).HasMaxLength(256);
        builder.Property(comment => comment.Anchor).HasMaxLength(64);
        builder.HasIndex(comment => new { comment.RunId, comment.CreatedAt });
        builder.HasOne<Run>().WithMany().HasForeignKey(comment => comment.RunId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne(comment => comment.Author).WithMany().HasForeignKey(comment => comment.AuthorId).OnDelete(DeleteBehavior.SetNull);
    }
}

internal sealed class MentionMapping : IEntityTypeConfiguration<Mention>
{
    public void Configure(EntityTypeBuilder<Mention> builder)
    {
        builder.ToTable("Mentions");
        builder.HasKey(mention => new { mention.CommentId, mention.UserId });
        builder.HasIndex(mention => new { mention.UserId, mention.ReadAt });
        builder.HasOne(mention => mention.Comment).WithMany().HasForeignKey(mention => mention.CommentId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<AppUser>().WithMany().HasForeignKey(mention => mention.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}
