import {
  CancelRequest,
  CancelResponse,
  DecodeRequest,
  EncodeRequest,
  JobEvent,
  ListModelsRequest,
  ListModelsResponse,
  LogLikelihoodRequest,
  SampleRequest,
  UploadRequest,
  UploadResponse,
  WatchRequest,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";

/** How a message becomes bytes, as the generated code has it. */
interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** A call of the service as grpc-js takes it. */
export interface Method<Asked, Answer> {
  readonly path: string;
  serialize(request: Asked): Buffer;
  deserialize(bytes: Buffer): Answer;
}

function method<Asked, Answer>(
  name: string,
  asked: Codec<Asked>,
  answer: Codec<Answer>,
): Method<Asked, Answer> {
  return {
    path: `/scorestream.v1.ScoreStream/${name}`,
    serialize(request) {
      const { buffer, byteOffset, byteLength } = asked.encode(request).finish();
      return Buffer.from(buffer, byteOffset, byteLength);
    },
    deserialize: (bytes) => answer.decode(bytes),
  };
}

/** Every call of the service. */
interface Methods {
  readonly listModels: Method<ListModelsRequest, ListModelsResponse>;
  readonly upload: Method<UploadRequest, UploadResponse>;
  readonly sample: Method<SampleRequest, JobEvent>;
  readonly encode: Method<EncodeRequest, JobEvent>;
  readonly decode: Method<DecodeRequest, JobEvent>;
  readonly logLikelihood: Method<LogLikelihoodRequest, JobEvent>;
  readonly watch: Method<WatchRequest, JobEvent>;
  readonly cancel: Method<CancelRequest, CancelResponse>;
}

/** Made of the messages that browsers have too: there is one set of types for both transports. */
export const METHODS: Methods = {
  listModels: method("ListModels", ListModelsRequest, ListModelsResponse),
  upload: method("Upload", UploadRequest, UploadResponse),
  sample: method("Sample", SampleRequest, JobEvent),
  encode: method("Encode", EncodeRequest, JobEvent),
  decode: method("Decode", DecodeRequest, JobEvent),
  logLikelihood: method("LogLikelihood", LogLikelihoodRequest, JobEvent),
  watch: method("Watch", WatchRequest, JobEvent),
  cancel: method("Cancel", CancelRequest, CancelResponse),
};
