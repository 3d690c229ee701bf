using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Runs get the figures that lists show, and what people do with them: notes, tags, pin, archive, trash.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122600000_History")]
public sealed class History : Migration
{
    private static readonly string[] Figures =
        ["WorkSeconds", "LossLast", "LossMin", "LossMax", "ExactStart", "ExactLast", "ExactBest", "ExactChange", "ExactChangeLow", "ExactChangeHigh", "NllLast", "NllBest"];

    private static readonly string[] Longs = ["Steps", "PinnedAt", "ArchivedAt", "TrashedAt", "PurgedAt", "PurgedBytes"];

    private static readonly string[] Texts = ["LossCurve", "Notes"];

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var column in Figures)
        {
            migrationBuilder.AddColumn<double>(column, "Runs", nullable: true);
        }

        foreach (var column in Longs)
        {
            migrationBuilder.AddColumn<long>(column, "Runs", nullable: true);
        }

        foreach (var column in Texts)
        {
            migrationBuilder.AddColumn<string>(column, "Runs", nullable: true);
        }

        migrationBuilder.AddColumn<int>("ExactCount", "Runs", nullable: true);
        migrationBuilder.AddColumn<Guid>("TrashedById", "Runs", nullable: true);

        migrationBuilder.CreateTable(
            name: "RunTags",
            columns: table => new
            {
                RunId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 40),
                TeamId = table.Column<Guid>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_RunTags", row => new { row.RunId, row.Name });
                table.ForeignKey("FK_RunTags_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateIndex("IX_RunTags_TeamId_Name", "RunTags", ["TeamId", "Name"]);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("RunTags");
        foreach (var column in (string[])[.. Figures, .. Longs, .. Texts, "ExactCount", "TrashedById"])
        {
            // Not DropColumn: for SQLite that would rebuild the table from a model that hand-written migrations do not carry.
            migrationBuilder.Sql($"ALTER TABLE \"Runs\" DROP COLUMN \"{column}\"");
        }
    }
}
