-- What must be unique of a name: the service computes it (nameKey in libs/contracts). Of rows that were made before and
-- would now be equal, the oldest keeps the key.
ALTER TABLE "networks" ADD COLUMN "name_key" TEXT;
UPDATE "networks" SET "name_key" = btrim(regexp_replace(normalize(lower(upper(normalize("name", NFKC))), NFKC), '\s+', ' ', 'g'));
UPDATE "networks" AS r SET "name_key" = r."name_key" || ' #' || r."id"
WHERE EXISTS (SELECT 1 FROM "networks" AS o WHERE o."name_key" = r."name_key" AND o."department_id" = r."department_id" AND o."id" < r."id");
ALTER TABLE "networks" ALTER COLUMN "name_key" SET NOT NULL;
DROP INDEX "networks_department_id_name_key";
CREATE UNIQUE INDEX "networks_department_id_name_key_key" ON "networks"("department_id", "name_key");
