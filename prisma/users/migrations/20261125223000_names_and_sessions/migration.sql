-- A refresh token that is used again within seconds by the same client is a retry and no theft.
ALTER TABLE "refresh_tokens" ADD COLUMN "used_from" TEXT;
ALTER TABLE "refresh_tokens" ADD COLUMN "repeats" INTEGER NOT NULL DEFAULT 0;

-- What must be unique of a department's name: the service computes it (nameKey in libs/contracts). Of rows that
-- were made before and would now be equal, the oldest keeps the key.
ALTER TABLE "departments" ADD COLUMN "name_key" TEXT;
UPDATE "departments" SET "name_key" = lower(normalize(upper(normalize("name", NFKC)), NFKC));
UPDATE "departments" AS d SET "name_key" = d."name_key" || ' #' || d."id"
WHERE EXISTS (SELECT 1 FROM "departments" AS o WHERE o."name_key" = d."name_key" AND o."id" < d."id");
ALTER TABLE "departments" ALTER COLUMN "name_key" SET NOT NULL;
DROP INDEX "departments_name_key";
CREATE UNIQUE INDEX "departments_name_key_key" ON "departments"("name_key");
