import type { handleClientStreamingCall } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { UploadRequest, UploadResponse } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { report } from "../requests/report.ts";
import type { Service, Uploading } from "../service.ts";
import type { Received } from "./definition.ts";
import { toStatus } from "./status.ts";

/**
 * The handler of Upload. Each part is dealt with in the turn in which it comes, so that HTTP/2's flow control holds
 * back a caller who sends faster. The answer comes when the caller ends its side, an error at once.
 */
export function receiveUpload(
  service: Service,
  log: Logger,
): handleClientStreamingCall<Received<UploadRequest>, UploadResponse> {
  return (call, answer) => {
    let upload: Uploading;
    try {
      upload = service.upload();
    } catch (error) {
      call.resume();
      answer(toStatus(report(log, "upload", error)));
      return;
    }
    let answered = false;
    /** Runs one step of the upload, unless it has failed already: what is still on its way is read and dropped. */
    const step = (run: () => void): void => {
      if (answered) return;
      try {
        run();
      } catch (error) {
        answered = true;
        upload.abort(); // bytes that are no message have failed here, not in the upload
        answer(toStatus(report(log, "upload", error)));
      }
    };
    call.on("data", (part: Received<UploadRequest>) => step(() => upload.take(part.take())));
    call.on("end", () =>
      step(() => {
        const response = upload.finish();
        answered = true;
        answer(null, response);
      }),
    );
    // Cancelled, past its deadline, or its connection lost; or refused by grpc-js for a message past the limit.
    call.on("cancelled", () => upload.abort());
    if (call.cancelled) upload.abort();
  };
}
