-- Templates have versions and may belong to a department. Columns that may be null or have a constant default, a new table, and a
-- trigger for what runs on the schema before: that goes on making templates, which are shared, and knows no versions.

-- AlterTable: a template's own row is what its newest version says, as far as the schema before could say it.
ALTER TABLE "templates" ADD COLUMN "department_id" UUID,
ADD COLUMN "version" INTEGER NOT NULL DEFAULT 1;

-- A name is unique in a department, and among those that are shared.
DROP INDEX "templates_name_key_key";
CREATE UNIQUE INDEX "templates_department_id_name_key_key" ON "templates"("department_id", "name_key");
CREATE UNIQUE INDEX "templates_shared_name_key_key" ON "templates"("name_key") WHERE "department_id" IS NULL;

-- CreateTable: an image may go before the versions that name it.
CREATE TABLE "template_versions" (
    "template_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "image_id" UUID NOT NULL,
    "spec" JSONB NOT NULL,
    "disk_bytes" BIGINT NOT NULL,
    "cloud_init" JSONB,
    "limits" JSONB NOT NULL DEFAULT '{}',
    "author_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "template_versions_pkey" PRIMARY KEY ("template_id","number")
);

-- AddForeignKey
ALTER TABLE "template_versions" ADD CONSTRAINT "template_versions_template_id_fkey" FOREIGN KEY ("template_id") REFERENCES "templates"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Whoever commits a template without a version of it commits its first one with it. At the commit, so that who writes that
-- itself may do so after the template.
CREATE FUNCTION "add_first_version_of_template"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "template_versions" ("template_id", "number", "image_id", "spec", "disk_bytes", "created_at")
  VALUES (NEW."id", NEW."version", NEW."image_id",
    jsonb_build_object('version', 1, 'vcpus', NEW."vcpus", 'maxVcpus', NEW."vcpus", 'memoryMib', NEW."memory_mib",
      'maxMemoryMib', NEW."memory_mib", 'autostart', false), NEW."disk_bytes", NEW."created_at")
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "templates_add_first_version" AFTER INSERT ON "templates" DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION "add_first_version_of_template"();

-- What there is already is each its first version.
INSERT INTO "template_versions" ("template_id", "number", "image_id", "spec", "disk_bytes", "created_at")
SELECT "id", 1, "image_id",
  jsonb_build_object('version', 1, 'vcpus', "vcpus", 'maxVcpus', "vcpus", 'memoryMib', "memory_mib",
    'maxMemoryMib', "memory_mib", 'autostart', false), "disk_bytes", "created_at"
FROM "templates" ON CONFLICT DO NOTHING;

-- AlterTable: last, for it locks the VMs for a moment.
ALTER TABLE "vms" ADD COLUMN "template_version" INTEGER;
