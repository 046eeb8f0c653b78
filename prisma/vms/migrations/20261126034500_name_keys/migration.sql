-- What must be unique of a name: the service computes it (nameKey in libs/contracts). Of rows that were made before and
-- would now be equal, the oldest keeps the key.
ALTER TABLE "templates" ADD COLUMN "name_key" TEXT;
UPDATE "templates" SET "name_key" = btrim(regexp_replace(normalize(lower(upper(normalize("name", NFKC))), NFKC), '\s+', ' ', 'g'));
UPDATE "templates" AS r SET "name_key" = r."name_key" || ' #' || r."id"
WHERE EXISTS (SELECT 1 FROM "templates" AS o WHERE o."name_key" = r."name_key" AND o."id" < r."id");
ALTER TABLE "templates" ALTER COLUMN "name_key" SET NOT NULL;
DROP INDEX "templates_name_key";
CREATE UNIQUE INDEX "templates_name_key_key" ON "templates"("name_key");
