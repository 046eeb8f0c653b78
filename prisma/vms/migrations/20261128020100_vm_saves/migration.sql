-- Columns that may be null, an index on what is not, and a trigger: what runs on the schema before knows none of it.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "saved_bytes" BIGINT, ADD COLUMN "saved_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "vms_saved_department_id_idx" ON "vms"("department_id") INCLUDE ("saved_bytes") WHERE "saved_bytes" IS NOT NULL;

-- Memory that was saved is used up when the VM runs again, also when an older instance, which knows of none, has started it.
CREATE FUNCTION "forget_memory_of_started_vm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."saved_bytes" := NULL;
  NEW."saved_at" := NULL;
  RETURN NEW;
END $$;

CREATE TRIGGER "vms_forget_memory" BEFORE UPDATE OF "state" ON "vms"
  FOR EACH ROW WHEN (NEW."saved_at" IS NOT NULL AND NEW."state" IN ('RUNNING', 'PAUSED') AND OLD."state" IS DISTINCT FROM NEW."state")
  EXECUTE FUNCTION "forget_memory_of_started_vm"();
