using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Invitations, resets of passwords, who was seen when and in which team, and what a team may use.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261123003100_Teams")]
public sealed class Teams : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "Invitations",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Role = table.Column<string>(maxLength: 16),
                TokenHash = table.Column<string>(maxLength: 64),
                CreatedBy = table.Column<string>(maxLength: 256),
                CreatedAt = table.Column<long>(),
                ExpiresAt = table.Column<long>(),
                RevokedAt = table.Column<long>(nullable: true),
                SingleUse = table.Column<bool>(),
                Uses = table.Column<int>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Invitations", row => row.Id);
                table.ForeignKey("FK_Invitations_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "InvitationUses",
            columns: table => new
            {
                InvitationId = table.Column<Guid>(),
                UserId = table.Column<Guid>(),
                UserName = table.Column<string>(maxLength: 256),
                At = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_InvitationUses", row => new { row.InvitationId, row.UserId });
                table.ForeignKey("FK_InvitationUses_Invitations_InvitationId", row => row.InvitationId, principalTable: "Invitations", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "PasswordResets",
            columns: table => new
            {
                UserId = table.Column<Guid>(),
                TokenHash = table.Column<string>(maxLength: 64),
                TeamId = table.Column<Guid>(),
                ExpiresAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_PasswordResets", row => row.UserId);
                table.ForeignKey("FK_PasswordResets_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateIndex("IX_Invitations_TokenHash", "Invitations", "TokenHash", unique: true);
        migrationBuilder.CreateIndex("IX_Invitations_TeamId", "Invitations", "TeamId");
        migrationBuilder.CreateIndex("IX_PasswordResets_TokenHash", "PasswordResets", "TokenHash", unique: true);
        migrationBuilder.AddColumn<long>("LastSeenAt", "Users", nullable: true);
        migrationBuilder.AddColumn<Guid>("CurrentTeamId", "Users", nullable: true);
        migrationBuilder.AddColumn<long>("DiskQuotaBytes", "Teams", nullable: true);
        migrationBuilder.AddColumn<int>("RunQuota", "Teams", nullable: true);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        // Plain SQL that both providers know: EF's own DropColumn would rebuild the table from a snapshot, and there is none.
        migrationBuilder.Sql("ALTER TABLE \"Teams\" DROP COLUMN \"RunQuota\"");
        migrationBuilder.Sql("ALTER TABLE \"Teams\" DROP COLUMN \"DiskQuotaBytes\"");
        migrationBuilder.Sql("ALTER TABLE \"Users\" DROP COLUMN \"CurrentTeamId\"");
        migrationBuilder.Sql("ALTER TABLE \"Users\" DROP COLUMN \"LastSeenAt\"");
        migrationBuilder.DropTable("PasswordResets");
        migrationBuilder.DropTable("InvitationUses");
        migrationBuilder.DropTable("Invitations");
    }
}
