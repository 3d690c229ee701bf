using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Tokens for programs, and which of them did what the audit log tells.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261123003000_ApiTokens")]
public sealed class ApiTokens : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "ApiTokens",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                UserId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 100),
                Start = table.Column<string>(maxLength: 16),
                TokenHash = table.Column<string>(maxLength: 64),
                Scope = table.Column<string>(maxLength: 16),
                CreatedAt = table.Column<long>(),
                ExpiresAt = table.Column<long>(),
                RevokedAt = table.Column<long>(nullable: true),
                LastUsedAt = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_ApiTokens", row => row.Id);
                table.ForeignKey("FK_ApiTokens_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_ApiTokens_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateIndex("IX_ApiTokens_TokenHash", "ApiTokens", "TokenHash", unique: true);
        migrationBuilder.CreateIndex("IX_ApiTokens_TeamId", "ApiTokens", "TeamId");
        migrationBuilder.CreateIndex("IX_ApiTokens_UserId", "ApiTokens", "UserId");
        migrationBuilder.AddColumn<string>("Token", "AuditEntries", maxLength: 128, nullable: true);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        // Plain SQL that both providers know: EF's own DropColumn would rebuild the table from a snapshot, and there is none.
        migrationBuilder.Sql("ALTER TABLE \"AuditEntries\" DROP COLUMN \"Token\"");
        migrationBuilder.DropTable("ApiTokens");
    }
}
