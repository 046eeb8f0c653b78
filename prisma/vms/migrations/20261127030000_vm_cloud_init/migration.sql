-- A new table, and last a trigger on an old one: what runs on the schema before knows neither.

-- CreateTable
CREATE TABLE "vm_cloud_inits" (
    "vm_id" UUID NOT NULL,
    "instance_id" UUID NOT NULL,
    "document" JSONB NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vm_cloud_inits_pkey" PRIMARY KEY ("vm_id")
);

-- AddForeignKey
ALTER TABLE "vm_cloud_inits" ADD CONSTRAINT "vm_cloud_inits_vm_id_fkey" FOREIGN KEY ("vm_id") REFERENCES "vms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The row of a VM stays when the VM is deleted, and nobody needs its secrets any more; also when an older instance, which
-- knows no cloud-init, is the one that deletes it.
CREATE FUNCTION "forget_cloud_init_of_deleted_vm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "vm_cloud_inits" WHERE "vm_id" = NEW."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "vms_forget_cloud_init" AFTER UPDATE OF "state" ON "vms"
  FOR EACH ROW WHEN (NEW."state" = 'DELETED' AND OLD."state" IS DISTINCT FROM NEW."state")
  EXECUTE FUNCTION "forget_cloud_init_of_deleted_vm"();
