using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Share links with their stop, and comments with the people they address.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122610000_SharingAndComments")]
public sealed class SharingAndComments : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "ShareLinks",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                RunId = table.Column<Guid>(),
                TokenHash = table.Column<string>(maxLength: 64),
                CreatedById = table.Column<Guid>(),
                CreatedAt = table.Column<long>(),
                ExpiresAt = table.Column<long>(),
                RevokedAt = table.Column<long>(nullable: true),
                LastUsedAt = table.Column<long>(nullable: true),
                Uses = table.Column<int>(),
                WithAnswers = table.Column<bool>(),
                WithNames = table.Column<bool>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_ShareLinks", row => row.Id);
                table.ForeignKey("FK_ShareLinks_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "SharingStops",
            columns: table => new
            {
                Scope = table.Column<string>(maxLength: 64),
                StoppedBy = table.Column<string>(maxLength: 256),
                StoppedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_SharingStops", row => row.Scope);
            });

        migrationBuilder.CreateTable(
            name: "Comments",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                RunId = table.Column<Guid>(),
                AuthorId = table.Column<Guid>(nullable: true),
                AuthorName = table.Column<string>(maxLength: 256),
                Body = table.Column<string>(),
                Anchor = table.Column<string>(maxLength: 64, nullable: true),
                CreatedAt = table.Column<long>(),
                EditedAt = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Comments", row => row.Id);
                table.ForeignKey("FK_Comments_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Comments_Users_AuthorId", row => row.AuthorId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.SetNull);
            });

        migrationBuilder.CreateTable(
            name: "Mentions",
            columns: table => new
            {
                CommentId = table.Column<Guid>(),
                UserId = table.Column<Guid>(),
                ReadAt = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Mentions", row => new { row.CommentId, row.UserId });
                table.ForeignKey("FK_Mentions_Comments_CommentId", row => row.CommentId, principalTable: "Comments", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Mentions_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateIndex("IX_ShareLinks_TokenHash", "ShareLinks", "TokenHash", unique: true);
        migrationBuilder.CreateIndex("IX_ShareLinks_RunId", "ShareLinks", "RunId");
        migrationBuilder.CreateIndex("IX_Comments_RunId_CreatedAt", "Comments", ["RunId", "CreatedAt"]);
        migrationBuilder.CreateIndex("IX_Comments_AuthorId", "Comments", "AuthorId");
        migrationBuilder.CreateIndex("IX_Mentions_UserId_ReadAt", "Mentions", ["UserId", "ReadAt"]);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("Mentions");
        migrationBuilder.DropTable("Comments");
        migrationBuilder.DropTable("SharingStops");
        migrationBuilder.DropTable("ShareLinks");
    }
}
