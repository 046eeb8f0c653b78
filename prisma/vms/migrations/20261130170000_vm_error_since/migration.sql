-- A column that may be null, and a trigger: what runs on the schema before knows neither.

-- AlterTable
ALTER TABLE "vms" ADD COLUMN "error_since" TIMESTAMPTZ(3);

-- Also when an older instance is the one that writes the state. The time of the transaction, as that of the operation that
-- failed with it, and cut as clients cut it: whoever compares the two finds them equal.
CREATE FUNCTION "note_error_of_vm"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."error_since" := CASE WHEN NEW."state" = 'ERROR' THEN date_trunc('milliseconds', now()) END;
  RETURN NEW;
END $$;

CREATE TRIGGER "vms_note_error" BEFORE UPDATE OF "state" ON "vms"
  FOR EACH ROW WHEN ((OLD."state" = 'ERROR') IS DISTINCT FROM (NEW."state" = 'ERROR'))
  EXECUTE FUNCTION "note_error_of_vm"();

-- Of those that are in error already nobody knows since when: at the latest since they were last written. A time before that
-- would have a retry repeat what was said long ago.
UPDATE "vms" SET "error_since" = "updated_at" WHERE "state" = 'ERROR';
