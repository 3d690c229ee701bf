using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Who made a dataset version and how, and its statistics.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122200000_DatasetProvenance")]
public sealed class DatasetProvenance : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.AddColumn<string>("Recipe", "DatasetVersions", nullable: true);
        migrationBuilder.AddColumn<Guid>("ParentId", "DatasetVersions", nullable: true);
        migrationBuilder.AddColumn<Guid>("CreatedById", "DatasetVersions", nullable: true);
        migrationBuilder.CreateTable(
            name: "DatasetReports",
            columns: table => new
            {
                VersionId = table.Column<Guid>(),
                Tokenizer = table.Column<string>(maxLength: 64),
                Statistics = table.Column<string>(),
                ComputedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_DatasetReports", row => new { row.VersionId, row.Tokenizer });
                table.ForeignKey("FK_DatasetReports_DatasetVersions_VersionId", row => row.VersionId, "DatasetVersions", "Id", onDelete: ReferentialAction.Cascade);
            });
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.DropTable("DatasetReports");

        // SQLite and PostgreSQL both have this statement; EF's generator for SQLite has not.
        foreach (var column in (string[])["CreatedById", "ParentId", "Recipe"])
            migrationBuilder.Sql($"""ALTER TABLE "DatasetVersions" DROP COLUMN "{column}";""");
    }
}
