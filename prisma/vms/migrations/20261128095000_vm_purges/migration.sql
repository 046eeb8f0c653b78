-- Columns that may be null, or have a default that is no rewrite: what runs on the schema before neither reads nor writes them.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "purge_at" TIMESTAMPTZ(3), ADD COLUMN "purge_due_at" TIMESTAMPTZ(3),
ADD COLUMN "purge_by_id" UUID, ADD COLUMN "purge_by_role" TEXT, ADD COLUMN "purge_volumes" BOOLEAN NOT NULL DEFAULT false;

-- They stand and fall together.
ALTER TABLE "vms" ADD CONSTRAINT "vms_purge_is_told_whole"
  CHECK (("purge_at" IS NULL) = ("purge_due_at" IS NULL) AND ("purge_at" IS NULL) = ("purge_by_id" IS NULL)
    AND ("purge_at" IS NULL) = ("purge_by_role" IS NULL) AND ("purge_at" IS NOT NULL OR NOT "purge_volumes"));

-- CreateIndex: of a few rows, for the lists of what is going to be deleted and for who does it.
CREATE INDEX "vms_purge_due_at_idx" ON "vms"("purge_due_at") WHERE "purge_due_at" IS NOT NULL;
CREATE INDEX "vms_purged_department_id_idx" ON "vms"("department_id", "id") WHERE "purge_at" IS NOT NULL AND "state" <> 'DELETED';

-- A VM that shall be anything else than off, or is protected, is not deleted by itself. An instance before this migration knows
-- nothing of that: it starts such a VM, or protects it, when it is asked to.
CREATE FUNCTION "cancel_purge_of_wanted_vm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."purge_at" := NULL;
  NEW."purge_due_at" := NULL;
  NEW."purge_by_id" := NULL;
  NEW."purge_by_role" := NULL;
  NEW."purge_volumes" := false;
  RETURN NEW;
END $$;
CREATE TRIGGER "vms_cancel_purge" BEFORE UPDATE OF "desired", "deletion_protected" ON "vms"
  FOR EACH ROW WHEN (NEW."purge_at" IS NOT NULL AND (NEW."desired" NOT IN ('FORCED_OFF', 'STOPPED') OR NEW."deletion_protected"))
  EXECUTE FUNCTION "cancel_purge_of_wanted_vm"();
