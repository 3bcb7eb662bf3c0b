// OpenAPI documents are valid, those of odd specs, too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Validator } from "@seriousme/openapi-schema-validator";

for (const path of (process.env["OPENAPI_DOCUMENTS"] ?? "").split(":")) {
  test(path, async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(readFileSync(path, "utf8")));
    assert.ok(result.valid, JSON.stringify(result.errors, null, 2));
    assert.equal(validator.version, "3.1");
  });
}
