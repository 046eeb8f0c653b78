-- null: of a collector of before, which told no place.
ALTER TABLE "guest_connections" ADD COLUMN "place" TEXT;
