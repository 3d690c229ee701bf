using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Events of a team, the people who are told of them, and the webhooks with what is on its way to them.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261123005000_Telling")]
public sealed class Telling : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.CreateTable(
            name: "TeamEvents",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Kind = table.Column<string>(maxLength: 32),
                Key = table.Column<string>(maxLength: 200),
                SubjectId = table.Column<Guid>(nullable: true),
                Text = table.Column<string>(maxLength: 1000),
                Path = table.Column<string>(maxLength: 500, nullable: true),
                At = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_TeamEvents", row => row.Id);
                table.ForeignKey("FK_TeamEvents_Teams_TeamId", row => row.TeamId, "Teams", "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Notifications",
            columns: table => new { UserId = table.Column<Guid>(), EventId = table.Column<Guid>(), ReadAt = table.Column<long>(nullable: true) },
            constraints: table =>
            {
                table.PrimaryKey("PK_Notifications", row => new { row.UserId, row.EventId });
                table.ForeignKey("FK_Notifications_TeamEvents_EventId", row => row.EventId, "TeamEvents", "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Notifications_Users_UserId", row => row.UserId, "Users", "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Webhooks",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Address = table.Column<string>(maxLength: 2000),
                Kinds = table.Column<string>(maxLength: 500),
                Secret = table.Column<string>(maxLength: 1000),
                CreatedBy = table.Column<string>(maxLength: 256),
                CreatedAt = table.Column<long>(),
                Failures = table.Column<int>(),
                DisabledAt = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Webhooks", row => row.Id);
                table.ForeignKey("FK_Webhooks_Teams_TeamId", row => row.TeamId, "Teams", "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "WebhookDeliveries",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                WebhookId = table.Column<Guid>(),
                Kind = table.Column<string>(maxLength: 32),
                Body = table.Column<string>(),
                State = table.Column<string>(maxLength: 16),
                Attempts = table.Column<int>(),
                NextAt = table.Column<long>(),
                CreatedAt = table.Column<long>(),
                AttemptedAt = table.Column<long>(nullable: true),
                Status = table.Column<int>(nullable: true),
                Answer = table.Column<string>(maxLength: 500, nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_WebhookDeliveries", row => row.Id);
                table.ForeignKey("FK_WebhookDeliveries_Webhooks_WebhookId", row => row.WebhookId, "Webhooks", "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateIndex("IX_TeamEvents_Key", "TeamEvents", "Key", unique: true);
        migrationBuilder.CreateIndex("IX_TeamEvents_TeamId_At", "TeamEvents", ["TeamId", "At"]);
        migrationBuilder.CreateIndex("IX_Notifications_EventId", "Notifications", "EventId");
        migrationBuilder.CreateIndex("IX_Notifications_UserId_ReadAt", "Notifications", ["UserId", "ReadAt"]);
        migrationBuilder.CreateIndex("IX_Webhooks_TeamId", "Webhooks", "TeamId");
        migrationBuilder.CreateIndex("IX_WebhookDeliveries_State_NextAt", "WebhookDeliveries", ["State", "NextAt"]);
        migrationBuilder.CreateIndex("IX_WebhookDeliveries_WebhookId_CreatedAt", "WebhookDeliveries", ["WebhookId", "CreatedAt"]);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.DropTable("WebhookDeliveries");
        migrationBuilder.DropTable("Webhooks");
        migrationBuilder.DropTable("Notifications");
        migrationBuilder.DropTable("TeamEvents");
    }
}
