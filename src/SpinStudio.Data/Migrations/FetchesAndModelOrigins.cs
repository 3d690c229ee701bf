using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Downloads by the server; where models come from, and what people say about them.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122300000_FetchesAndModelOrigins")]
public sealed class FetchesAndModelOrigins : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "Fetches",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                UserId = table.Column<Guid>(),
                Purpose = table.Column<string>(maxLength: 16),
                Source = table.Column<string>(maxLength: 16),
                Address = table.Column<string>(maxLength: 2000),
                File = table.Column<string>(maxLength: 1000, nullable: true),
                Name = table.Column<string>(maxLength: 250),
                State = table.Column<string>(maxLength: 16),
                Commit = table.Column<string>(maxLength: 64, nullable: true),
                Bytes = table.Column<long>(),
                TotalBytes = table.Column<long>(nullable: true),
                Error = table.Column<string>(nullable: true),
                UploadId = table.Column<Guid>(nullable: true),
                ModelId = table.Column<Guid>(nullable: true),
                CreatedAt = table.Column<long>(),
                EndedAt = table.Column<long>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Fetches", row => row.Id);
                table.ForeignKey("FK_Fetches_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Fetches_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateIndex("IX_Fetches_TeamId_CreatedAt", "Fetches", ["TeamId", "CreatedAt"]);
        migrationBuilder.CreateIndex("IX_Fetches_State", "Fetches", "State");
        migrationBuilder.CreateIndex("IX_Fetches_UserId", "Fetches", "UserId");

        migrationBuilder.AddColumn<string>("Origin", "Models", maxLength: 16, nullable: true);
        migrationBuilder.AddColumn<string>("Source", "Models", maxLength: 500, nullable: true);
        migrationBuilder.AddColumn<string>("License", "Models", maxLength: 200, nullable: true);
        migrationBuilder.AddColumn<string>("Note", "Models", nullable: true);
        migrationBuilder.AddColumn<string>("Files", "Models", nullable: true);
        migrationBuilder.AddColumn<Guid>("FromRunId", "Models", nullable: true);
        migrationBuilder.AddColumn<int>("FromIteration", "Models", nullable: true);
        migrationBuilder.AddColumn<Guid>("CreatedById", "Models", nullable: true);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        foreach (var column in (string[])["Origin", "Source", "License", "Note", "Files", "FromRunId", "FromIteration", "CreatedById"])
        {
            // SQLite can, but the provider would rebuild the table for it.
            migrationBuilder.Sql($"ALTER TABLE \"Models\" DROP COLUMN \"{column}\"");
        }

        migrationBuilder.DropTable("Fetches");
    }
}
