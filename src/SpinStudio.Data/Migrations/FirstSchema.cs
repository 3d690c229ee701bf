using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SpinStudio.Data.Migrations;

/// <summary>The first schema: accounts, teams, datasets, models, runs. Column types are left to the provider.</summary>
[DbContext(typeof(StudioDb))]
[Migration("20261122000000_FirstSchema")]
public sealed class FirstSchema : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            name: "AuditEntries",
            columns: table => new
            {
                Id = table.Column<long>().Annotation("Sqlite:Autoincrement", true),
                TeamId = table.Column<Guid>(nullable: true),
                UserId = table.Column<Guid>(nullable: true),
                UserName = table.Column<string>(maxLength: 256),
                Action = table.Column<string>(maxLength: 64),
                Subject = table.Column<string>(maxLength: 64, nullable: true),
                Detail = table.Column<string>(nullable: true),
                At = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_AuditEntries", row => row.Id);
            });

        migrationBuilder.CreateTable(
            name: "Teams",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 100),
                CreatedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Teams", row => row.Id);
            });

        migrationBuilder.CreateTable(
            name: "Users",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                CreatedAt = table.Column<long>(),
                UserName = table.Column<string>(maxLength: 256, nullable: true),
                NormalizedUserName = table.Column<string>(maxLength: 256, nullable: true),
                Email = table.Column<string>(maxLength: 256, nullable: true),
                NormalizedEmail = table.Column<string>(maxLength: 256, nullable: true),
                EmailConfirmed = table.Column<bool>(),
                PasswordHash = table.Column<string>(nullable: true),
                SecurityStamp = table.Column<string>(nullable: true),
                ConcurrencyStamp = table.Column<string>(nullable: true),
                PhoneNumber = table.Column<string>(nullable: true),
                PhoneNumberConfirmed = table.Column<bool>(),
                TwoFactorEnabled = table.Column<bool>(),
                LockoutEnd = table.Column<long>(nullable: true),
                LockoutEnabled = table.Column<bool>(),
                AccessFailedCount = table.Column<int>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Users", row => row.Id);
            });

        migrationBuilder.CreateTable(
            name: "Models",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 250),
                Folder = table.Column<string>(),
                Bundled = table.Column<bool>(),
                Sha256 = table.Column<string>(maxLength: 64),
                Architecture = table.Column<string>(maxLength: 100),
                Parameters = table.Column<long>(),
                Bytes = table.Column<long>(),
                ParentId = table.Column<Guid>(nullable: true),
                RunId = table.Column<Guid>(nullable: true),
                Iteration = table.Column<int>(nullable: true),
                CreatedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Models", row => row.Id);
                table.ForeignKey("FK_Models_Models_ParentId", row => row.ParentId, principalTable: "Models", principalColumn: "Id", onDelete: ReferentialAction.SetNull);
                table.ForeignKey("FK_Models_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Datasets",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 200),
                Description = table.Column<string>(nullable: true),
                Bundled = table.Column<bool>(),
                CreatedById = table.Column<Guid>(nullable: true),
                CreatedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Datasets", row => row.Id);
                table.ForeignKey("FK_Datasets_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Datasets_Users_CreatedById", row => row.CreatedById, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.SetNull);
            });

        migrationBuilder.CreateTable(
            name: "TeamMembers",
            columns: table => new
            {
                TeamId = table.Column<Guid>(),
                UserId = table.Column<Guid>(),
                Role = table.Column<string>(maxLength: 16),
                JoinedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_TeamMembers", row => new { row.TeamId, row.UserId });
                table.ForeignKey("FK_TeamMembers_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_TeamMembers_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Uploads",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                UserId = table.Column<Guid>(),
                FileName = table.Column<string>(maxLength: 255),
                Length = table.Column<long>(),
                Complete = table.Column<bool>(),
                CreatedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Uploads", row => row.Id);
                table.ForeignKey("FK_Uploads_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Uploads_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "UserClaims",
            columns: table => new
            {
                Id = table.Column<int>().Annotation("Sqlite:Autoincrement", true),
                UserId = table.Column<Guid>(),
                ClaimType = table.Column<string>(nullable: true),
                ClaimValue = table.Column<string>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_UserClaims", row => row.Id);
                table.ForeignKey("FK_UserClaims_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "UserLogins",
            columns: table => new
            {
                LoginProvider = table.Column<string>(),
                ProviderKey = table.Column<string>(),
                ProviderDisplayName = table.Column<string>(nullable: true),
                UserId = table.Column<Guid>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_UserLogins", row => new { row.LoginProvider, row.ProviderKey });
                table.ForeignKey("FK_UserLogins_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "UserTokens",
            columns: table => new
            {
                UserId = table.Column<Guid>(),
                LoginProvider = table.Column<string>(),
                Name = table.Column<string>(),
                Value = table.Column<string>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_UserTokens", row => new { row.UserId, row.LoginProvider, row.Name });
                table.ForeignKey("FK_UserTokens_Users_UserId", row => row.UserId, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "DatasetVersions",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                DatasetId = table.Column<Guid>(),
                Number = table.Column<int>(),
                Sha256 = table.Column<string>(maxLength: 64),
                Rows = table.Column<int>(),
                Bytes = table.Column<long>(),
                File = table.Column<string>(),
                HeldOutFile = table.Column<string>(nullable: true),
                HeldOutRows = table.Column<int>(),
                Source = table.Column<string>(),
                CreatedAt = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_DatasetVersions", row => row.Id);
                table.ForeignKey("FK_DatasetVersions_Datasets_DatasetId", row => row.DatasetId, principalTable: "Datasets", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Runs",
            columns: table => new
            {
                Id = table.Column<Guid>(),
                TeamId = table.Column<Guid>(),
                Name = table.Column<string>(maxLength: 200),
                Kind = table.Column<string>(maxLength: 16),
                Status = table.Column<string>(maxLength: 16),
                Config = table.Column<string>(),
                DatasetVersionId = table.Column<Guid>(nullable: true),
                ModelId = table.Column<Guid>(nullable: true),
                Iterations = table.Column<int>(),
                Folder = table.Column<string>(),
                ClientRequestId = table.Column<string>(maxLength: 64),
                CreatedById = table.Column<Guid>(nullable: true),
                StoppedById = table.Column<Guid>(nullable: true),
                CreatedAt = table.Column<long>(),
                QueuedAt = table.Column<long>(),
                StartedAt = table.Column<long>(nullable: true),
                EndedAt = table.Column<long>(nullable: true),
                LastSeq = table.Column<long>(),
                JournalOffset = table.Column<long>(),
                ResumesWithoutProgress = table.Column<int>(),
                SeqAtStart = table.Column<long>(),
                EnginePid = table.Column<int>(nullable: true),
                CurrentIteration = table.Column<int>(nullable: true),
                Phase = table.Column<string>(nullable: true),
                PhaseDone = table.Column<long>(),
                PhaseTotal = table.Column<long>(),
                PhaseUnit = table.Column<string>(nullable: true),
                TokensPerSecond = table.Column<double>(),
                Overall = table.Column<double>(),
                EtaSeconds = table.Column<double>(nullable: true),
                Device = table.Column<string>(nullable: true),
                FailureCause = table.Column<string>(nullable: true),
                FailureMessage = table.Column<string>(nullable: true),
                FailureFixes = table.Column<string>(nullable: true),
                FailureLog = table.Column<string>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Runs", row => row.Id);
                table.ForeignKey("FK_Runs_DatasetVersions_DatasetVersionId", row => row.DatasetVersionId, principalTable: "DatasetVersions", principalColumn: "Id", onDelete: ReferentialAction.Restrict);
                table.ForeignKey("FK_Runs_Models_ModelId", row => row.ModelId, principalTable: "Models", principalColumn: "Id", onDelete: ReferentialAction.Restrict);
                table.ForeignKey("FK_Runs_Teams_TeamId", row => row.TeamId, principalTable: "Teams", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
                table.ForeignKey("FK_Runs_Users_CreatedById", row => row.CreatedById, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.SetNull);
                table.ForeignKey("FK_Runs_Users_StoppedById", row => row.StoppedById, principalTable: "Users", principalColumn: "Id", onDelete: ReferentialAction.SetNull);
            });

        migrationBuilder.CreateTable(
            name: "Evaluations",
            columns: table => new
            {
                RunId = table.Column<Guid>(),
                Iteration = table.Column<int>(),
                Report = table.Column<string>(),
                At = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Evaluations", row => new { row.RunId, row.Iteration });
                table.ForeignKey("FK_Evaluations_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Iterations",
            columns: table => new
            {
                RunId = table.Column<Guid>(),
                Number = table.Column<int>(),
                Beta = table.Column<double>(),
                LearningRate = table.Column<double>(),
                Opponent = table.Column<int>(),
                StartedAt = table.Column<long>(),
                FinishedAt = table.Column<long>(nullable: true),
                Seconds = table.Column<double>(nullable: true),
                Pairs = table.Column<int>(nullable: true),
                Dropped = table.Column<string>(nullable: true),
                ModelSha256 = table.Column<string>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Iterations", row => new { row.RunId, row.Number });
                table.ForeignKey("FK_Iterations_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "MetricPoints",
            columns: table => new
            {
                RunId = table.Column<Guid>(),
                Iteration = table.Column<int>(),
                Name = table.Column<string>(maxLength: 100),
                Step = table.Column<int>(),
                GlobalStep = table.Column<long>(),
                Value = table.Column<double>(nullable: true),
                Tokens = table.Column<long>(),
                Seq = table.Column<long>(),
                At = table.Column<long>(),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_MetricPoints", row => new { row.RunId, row.Iteration, row.Name, row.Step });
                table.ForeignKey("FK_MetricPoints_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateTable(
            name: "Samples",
            columns: table => new
            {
                Id = table.Column<long>().Annotation("Sqlite:Autoincrement", true),
                RunId = table.Column<Guid>(),
                Iteration = table.Column<int>(),
                Split = table.Column<string>(maxLength: 16),
                PromptId = table.Column<string>(maxLength: 16),
                System = table.Column<string>(nullable: true),
                Prompt = table.Column<string>(),
                Real = table.Column<string>(),
                Generated = table.Column<string>(),
                FinishReason = table.Column<string>(maxLength: 16),
                Number = table.Column<int>(),
                Tokens = table.Column<int>(nullable: true),
                Exact = table.Column<bool>(nullable: true),
            },
            constraints: table =>
            {
                table.PrimaryKey("PK_Samples", row => row.Id);
                table.ForeignKey("FK_Samples_Runs_RunId", row => row.RunId, principalTable: "Runs", principalColumn: "Id", onDelete: ReferentialAction.Cascade);
            });

        migrationBuilder.CreateIndex("IX_AuditEntries_TeamId_At", "AuditEntries", ["TeamId", "At"]);
        migrationBuilder.CreateIndex("IX_Datasets_CreatedById", "Datasets", "CreatedById");
        migrationBuilder.CreateIndex("IX_Datasets_TeamId_Name", "Datasets", ["TeamId", "Name"], unique: true);
        migrationBuilder.CreateIndex("IX_DatasetVersions_DatasetId_Number", "DatasetVersions", ["DatasetId", "Number"], unique: true);
        migrationBuilder.CreateIndex("IX_MetricPoints_RunId_Name_GlobalStep", "MetricPoints", ["RunId", "Name", "GlobalStep"]);
        migrationBuilder.CreateIndex("IX_Models_ParentId", "Models", "ParentId");
        migrationBuilder.CreateIndex("IX_Models_RunId_Iteration", "Models", ["RunId", "Iteration"], unique: true);
        migrationBuilder.CreateIndex("IX_Models_TeamId", "Models", "TeamId");
        migrationBuilder.CreateIndex("IX_Runs_CreatedById", "Runs", "CreatedById");
        migrationBuilder.CreateIndex("IX_Runs_DatasetVersionId", "Runs", "DatasetVersionId");
        migrationBuilder.CreateIndex("IX_Runs_ModelId", "Runs", "ModelId");
        migrationBuilder.CreateIndex("IX_Runs_Status_QueuedAt", "Runs", ["Status", "QueuedAt"]);
        migrationBuilder.CreateIndex("IX_Runs_StoppedById", "Runs", "StoppedById");
        migrationBuilder.CreateIndex("IX_Runs_TeamId_ClientRequestId", "Runs", ["TeamId", "ClientRequestId"], unique: true);
        migrationBuilder.CreateIndex("IX_Runs_TeamId_CreatedAt", "Runs", ["TeamId", "CreatedAt"]);
        migrationBuilder.CreateIndex("IX_Samples_RunId_Split_Iteration", "Samples", ["RunId", "Split", "Iteration"]);
        migrationBuilder.CreateIndex("IX_Samples_RunId_Split_PromptId", "Samples", ["RunId", "Split", "PromptId"]);
        migrationBuilder.CreateIndex("IX_TeamMembers_UserId", "TeamMembers", "UserId");
        migrationBuilder.CreateIndex("IX_Uploads_TeamId", "Uploads", "TeamId");
        migrationBuilder.CreateIndex("IX_Uploads_UserId", "Uploads", "UserId");
        migrationBuilder.CreateIndex("IX_UserClaims_UserId", "UserClaims", "UserId");
        migrationBuilder.CreateIndex("IX_UserLogins_UserId", "UserLogins", "UserId");
        migrationBuilder.CreateIndex("EmailIndex", "Users", "NormalizedEmail");
        migrationBuilder.CreateIndex("UserNameIndex", "Users", "NormalizedUserName", unique: true);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("Samples");
        migrationBuilder.DropTable("MetricPoints");
        migrationBuilder.DropTable("Iterations");
        migrationBuilder.DropTable("Evaluations");
        migrationBuilder.DropTable("Runs");
        migrationBuilder.DropTable("DatasetVersions");
        migrationBuilder.DropTable("UserTokens");
        migrationBuilder.DropTable("UserLogins");
        migrationBuilder.DropTable("UserClaims");
        migrationBuilder.DropTable("Uploads");
        migrationBuilder.DropTable("TeamMembers");
        migrationBuilder.DropTable("Datasets");
        migrationBuilder.DropTable("Models");
        migrationBuilder.DropTable("Users");
        migrationBuilder.DropTable("Teams");
        migrationBuilder.DropTable("AuditEntries");
    }
}
