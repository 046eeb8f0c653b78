-- What takes long comes first and leaves reads of vms alone; what locks the table comes last and takes a moment.

-- CreateTable
CREATE TABLE "vm_metadata" (
    "vm_id" UUID NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "search_text" TEXT NOT NULL,
    "substrings" INTEGER[],

    CONSTRAINT "vm_metadata_pkey" PRIMARY KEY ("vm_id")
);

-- What vm-search.ts of the service computes, for living VMs: they have nothing but a name, which is ASCII in lower case.
INSERT INTO "vm_metadata" ("vm_id", "search_text", "substrings")
SELECT "id", "text", ARRAY(
  SELECT DISTINCT (
    (ascii(substr("text", i, 1))::bigint * 1009 + CASE WHEN n > 1 THEN ascii(substr("text", i + 1, 1)) ELSE 0 END) * 1009
    + CASE WHEN n > 2 THEN ascii(substr("text", i + 2, 1)) ELSE 0 END
  ) % 2147483647
  FROM generate_series(1, length("text")) AS i, generate_series(1, 3) AS n
)
FROM (SELECT "id", "name" || E'\n' AS "text" FROM "vms" WHERE "state" <> 'DELETED') AS named;

-- CreateIndex
CREATE INDEX "vm_metadata_tags_idx" ON "vm_metadata" USING GIN ("tags");

-- CreateIndex
CREATE INDEX "vm_metadata_substrings_idx" ON "vm_metadata" USING GIN ("substrings");

-- Lists show living VMs alone. Each sort has an index for a page at any place, in both directions; the filters have one
-- with the department beside, from which they are counted too.
CREATE INDEX "vms_living_created_at_idx" ON "vms"("created_at", "id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_name_idx" ON "vms"("name" COLLATE "C", "id") INCLUDE ("department_id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_state_idx" ON "vms"("state", "id") INCLUDE ("department_id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_vcpus_idx" ON "vms"("vcpus", "id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_memory_mib_idx" ON "vms"("memory_mib", "id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_disk_bytes_idx" ON "vms"("disk_bytes", "id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_department_id_idx" ON "vms"("department_id", "id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_department_id_created_at_idx" ON "vms"("department_id", "created_at", "id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_owner_id_idx" ON "vms"("owner_id", "department_id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_host_id_idx" ON "vms"("host_id", "department_id") WHERE "state" <> 'DELETED';
CREATE INDEX "vms_living_image_id_idx" ON "vms"("image_id", "department_id") WHERE "state" <> 'DELETED';

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "template_id" UUID,
ADD COLUMN "deletion_protected" BOOLEAN NOT NULL DEFAULT false;

-- No VM has a template yet.
CREATE INDEX "vms_living_template_id_idx" ON "vms"("template_id", "department_id") WHERE "state" <> 'DELETED';
DROP INDEX "vms_department_id_created_at_id_idx";
DROP INDEX "vms_created_at_id_idx";

-- AddForeignKey
ALTER TABLE "vm_metadata" ADD CONSTRAINT "vm_metadata_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;
