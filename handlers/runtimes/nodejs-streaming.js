// Loaded by the bootstrap nodejs for handlers that stream their response.
'use strict';
const { Writable } = require('stream');

module.exports = (open, describe) => {

// What streamifyResponse's handlers write to: chunks of one POST.
class ResponseStream extends Writable {
	constructor(where) {
		super();
		this.where = where;
		this.answered = new Promise((resolve) => {
			this.resolve = resolve;
		});
		this.headers = {
			'Content-Type': 'application/octet-stream',
			'Lambda-Runtime-Function-Response-Mode': 'streaming',
			'Transfer-Encoding': 'chunked',
			Trailer: 'Lambda-Runtime-Function-Error-Type, ' +
			    'Lambda-Runtime-Function-Error-Body',
		};
	}

	setContentType(type) { this.headers['Content-Type'] = type; }

	// Not before there is something: until then an error is a plain one.
	begin() {
		this.request ??= open('POST', this.where + '/response',
		    this.headers, this.resolve);
		if (this.prelude !== undefined)
			this.request.write(this.prelude + '\0'.repeat(8));
		this.prelude = undefined;
		return this.request;
	}

	_write(chunk, encoding, done) {
		this.begin().write(chunk, encoding, () => done());
	}

	_final(done) {
		this.begin().end(() => done());
	}

	// It has begun, so what went wrong is said behind it.
	fail(error) {
		const told = describe(error);

		this.request.addTrailers({
			'Lambda-Runtime-Function-Error-Type': told.errorType,
			'Lambda-Runtime-Function-Error-Body': Buffer.from(
			    JSON.stringify(told)).toString('base64'),
		});
		this.request.end();
	}
}

const HttpResponseStream = {
	from(stream, prelude) {
		stream.setContentType('application/vnd.awslambda.' +
		    'http-integration-response');
		stream.prelude = JSON.stringify(prelude);
		return stream;
	},
};

return { ResponseStream, HttpResponseStream };

};
