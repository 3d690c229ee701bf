using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>Settings and drafts of a person.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122100000_UserSettings")]
public sealed class UserSettings : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.CreateTable(
            name: "UserSettings",
            columns: table => new
            {
                UserId = table.Column<Guid>(),
                Key = table.Column<string>(maxLength: 100),
                Value = table.Column<string>(),
                ChangedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_UserSettings", row => new { row.UserId, row.Key });
                table.ForeignKey("FK_UserSettings_Users_UserId", row => row.UserId, "Users", "Id", onDelete: ReferentialAction.Cascade);
            });
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.DropTable("UserSettings");
    }
}
