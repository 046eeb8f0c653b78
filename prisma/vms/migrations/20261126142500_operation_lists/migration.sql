-- CreateIndex
CREATE INDEX "operations_department_id_id_idx" ON "operations"("department_id", "id" DESC);

-- CreateIndex
CREATE INDEX "operations_resource_id_id_idx" ON "operations"("resource_id", "id" DESC);

-- CreateIndex
CREATE INDEX "operations_actor_id_id_idx" ON "operations"("actor_id", "id" DESC);

-- CreateIndex
CREATE INDEX "operations_kind_id_idx" ON "operations"("kind", "id" DESC);

-- CreateIndex
CREATE INDEX "operations_status_id_idx" ON "operations"("status", "id" DESC);

-- CreateIndex
CREATE INDEX "operations_finished_at_idx" ON "operations"("finished_at");
